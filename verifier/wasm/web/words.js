// A report in plain words. Everything here is text made of a report; nothing decides anything.

/** What the card's publisher says about the model: bound by the model id, but free text, so every part is checked. */
export function description(card) {
  const fallback = { name: "", parameters: null, inputShape: null, inputFrac: null, outputFrac: null, accuracy: null };
  if (!card) return fallback;
  let parsed;
  try {
    parsed = JSON.parse(card.description);
  } catch {
    return fallback;
  }
  if (parsed === null || typeof parsed !== "object") return fallback;
  const integer = (value, most) => (Number.isInteger(value) && Math.abs(value) <= most ? value : null);
  const shape = Array.isArray(parsed.input_shape) && parsed.input_shape.every((d) => integer(d, 2 ** 31) > 0);
  const accuracy = parsed.accuracy;
  const measured = accuracy && ["rows", "label_flips", "max_error"].every((name) => Number.isFinite(accuracy[name]));
  return {
    name: typeof parsed.name === "string" ? printable(parsed.name) : "",
    parameters: integer(parsed.parameters, Number.MAX_SAFE_INTEGER),
    inputShape: shape ? parsed.input_shape : null,
    inputFrac: integer(parsed.input_frac, 64),
    outputFrac: integer(parsed.output_frac, 64),
    accuracy: measured ? accuracy : null,
  };
}

/** Control, formatting and other invisible characters spelled out, so that no text can imitate another. */
export function printable(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** An integer of the quantized model in the model's own units: with as many digits as tell it from its neighbours. */
export function real(integer, frac) {
  if (frac === null) return `${integer} (integer of the quantized model)`;
  const value = integer / 2 ** frac;
  for (let digits = 7; digits < 17; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.round(Number(text) * 2 ** frac) === integer) return text;
  }
  return String(value);
}

export function policyText(policy, about) {
  switch (policy.name) {
    case "scores":
      return "scores: all outputs are shown";
    case "label":
      return "label: the index of the largest output, nothing else";
    case "threshold":
      return `threshold: whether output ${policy.output} is at least ${real(policy.threshold, about.outputFrac)}`;
    default:
      return `yes-only: a receipt exists only if output ${policy.output} is at least ${real(policy.threshold, about.outputFrac)}`;
  }
}

export function outputText(policy, about) {
  switch (policy.name) {
    case "scores":
      return policy.scores.map((score) => real(score, about.outputFrac)).join(", ");
    case "label":
      return `label ${policy.label}`;
    case "threshold":
      return policy.bit ? "yes" : "no";
    default:
      return "yes";
  }
}

/** One sentence that says what a verified receipt states. */
export function statement({ claim }, about) {
  const model = about.name ? `The committed model “${about.name}”` : "The committed model";
  const input = claim.input.kind === "public" ? "the input shown below" : "the input inside the commitment below";
  const { policy } = claim;
  const bound = () => real(policy.threshold, about.outputFrac);
  switch (policy.name) {
    case "scores":
      return `${model} gave exactly the scores below for ${input}.`;
    case "label":
      return `${model} gave label ${policy.label} for ${input}.`;
    case "threshold":
      return `${model} gave an output ${policy.output} that is ${policy.bit ? "at least" : "below"} ${bound()} for ${input}.`;
    default:
      return `${model} gave an output ${policy.output} of at least ${bound()} for ${input}.`;
  }
}

/** What one receipt of this policy lets out about a hidden input or about the weights. */
export function leakText(policy, card) {
  if (!card) return "unknown without the model’s card";
  switch (policy.name) {
    case "scores":
      return `every output as an integer: at most ${card.outputs * card.output_bits} bits (${card.outputs} × ${card.output_bits})`;
    case "label":
      return `at most log2(${card.outputs}) = ${Math.log2(card.outputs).toFixed(2)} bits`;
    case "threshold":
      return "1 bit";
    default:
      return "that a receipt exists: at most 1 bit, and silence says nothing";
  }
}

export function validText(notAfter) {
  if (notAfter === "0") return "no end";
  const date = new Date(Number(notAfter) * 1000);
  const calendar = Number.isNaN(date.getTime()) ? "beyond the calendar" : date.toISOString().replace(".000Z", " UTC").replace("T", " ");
  return `${calendar} (${notAfter})`;
}

/** What a verified receipt leaves open, given what was asked. */
export function notProven(report, about) {
  const asked = (name) => report.checks.find((check) => check.name === name)?.state === "passed";
  const list = [];
  if (report.verdict === "dev-verified") {
    list.push("Anything at all, to somebody who does not trust the machine that made the development SRS: whoever knows its secret can forge receipts.");
  }
  if (!asked("named-model")) {
    list.push("That this card is the one its publisher published: you named no model id, so the card is taken on the word of whoever gave it to you.");
  }
  if (!asked("named-srs")) {
    list.push("That these are the parameters you trust: you named no SRS id, so the key file is taken on the word of whoever gave it to you, whatever kind it says it is.");
  }
  if (!asked("nonce")) {
    list.push("That the receipt is fresh, or was made for you: you named no nonce, so it may be a copy.");
  }
  if (report.claim?.input.kind === "committed") {
    list.push("What the committed input is, and where it came from.");
  } else {
    list.push("Where the input came from.");
  }
  list.push(
    "That the operator kept no copy of the input, and that no other receipt was made and withheld.",
    "That the model is good, or fit for your purpose." +
      (about.accuracy ? " The accuracy on the card is its publisher's own measurement." : ""),
    "That the circuit is the network the card describes: that is its publisher's word, unless somebody you trust audited the card (provenn audit).",
  );
  return list;
}
