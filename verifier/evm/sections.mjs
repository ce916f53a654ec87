// Where which function of the sources is in the code of the verifier: node sections.mjs. Prints rows `PC FUNCTION`, one wherever the function changes,
// in the order of the code. What the compiler inlines keeps the function that it was written in.

import { VERIFIER, closure, compile } from "./compile.mjs";

const files = closure(VERIFIER);
const output = compile(files, ["evm.deployedBytecode.object", "evm.deployedBytecode.sourceMap"]);
const { object, sourceMap } = output.contracts[VERIFIER].Verifier.evm.deployedBytecode;
const names = Object.fromEntries(Object.entries(output.sources).map(([name, { id }]) => [id, name]));
// Offsets of the compiler count bytes.
const functions = Object.fromEntries(
  Object.entries(files).map(([name, content]) => {
    const found = [...content.matchAll(/function (\w+)/g)].map(({ index, 1: named }) => [Buffer.byteLength(content.slice(0, index)), named]);
    return [name, found];
  }),
);
const places = sourceMap.split(";").map((entry) => entry.split(":"));
let [pc, offset, file, before] = [0, "0", "-1", ""];
for (const [start, , index] of places) {
  if (start) offset = start;
  if (index) file = index;
  const name = names[file];
  const inside = (functions[name] ?? []).filter(([at]) => at <= Number(offset)).pop();
  const section = inside ? `${name.replace("contracts/", "").replace(".sol", "")}.${inside[1]}` : "compiler";
  if (section !== before) console.log(`${pc} ${section}`);
  before = section;
  const opcode = parseInt(object.slice(2 * pc, 2 * pc + 2), 16);
  pc += opcode >= 0x60 && opcode <= 0x7f ? opcode - 0x5e : 1;
}
