// Text from files and from others, as it can be shown: what `text.rs` of the verifier does, by the same table of tests.

/** Characters of a name that are shown; of a longer one the number is said. */
const SHOWN_NAME = 80;
/** Combining marks in a row that are shown: more of them paint over the lines above and below. */
const MARKS = 2;
/** Invisible characters, controls, formatting, private and unassigned ones, and spaces other than the common one. */
const HIDDEN = /^(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]$/u;
const MARK = /^\p{Grapheme_Extend}$/u;
/** Double quotation marks of any script: what a name could seem to end with. */
const QUOTES = /[\u00ab\u00bb\u201c-\u201f\u2033\u2036\u301d-\u301f\uff02]/gu;

const spelled = (c) => `\\u{${c.codePointAt(0).toString(16)}}`;

/** The text with every character spelled out that shows nothing or moves what stands beside it. */
export function printable(text) {
  if (/^[ -~]*$/.test(text)) return text;
  let shown = "";
  let room = 0;
  for (const c of text) {
    const mark = MARK.test(c);
    if (HIDDEN.test(c) || (mark && room === 0)) {
      shown += spelled(c);
      room = 0;
    } else {
      shown += c;
      room = mark ? room - 1 : MARKS;
    }
  }
  return shown;
}

/** A name as data: printable, between quotation marks that cannot occur in it, cut. */
export function quoted(name) {
  const characters = [...name];
  const shown = printable(characters.slice(0, SHOWN_NAME).join("")).replaceAll('"', '\\"').replace(QUOTES, spelled);
  return characters.length > SHOWN_NAME ? `"${shown}…" (${characters.length} characters)` : `"${shown}"`;
}
