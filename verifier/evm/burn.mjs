// The verifier with key data burnt in, to measure what key data costs: node burn.mjs < KEY. Reads the code of an account of key data, in hexadecimal, and
// prints the code of a contract with the same interface, which takes no account of whatever address it is given: numbers of the head are constants, the
// program is straight code with addresses and constants in it, everything else is behind the contract's code and copied from there.

import { readFileSync } from "node:fs";
import { VERIFIER, closure, compile } from "./compile.mjs";

const data = Buffer.from(readFileSync(0, "utf8").trim(), "hex").subarray(1);
const files = closure(VERIFIER);
const START = 0x80;
const HEAD = 0x1c0 - START;
const key = files["contracts/Key.sol"];
const places = Object.fromEntries([...key.matchAll(/constant (\w+) = (\d+);/g)].map(([, name, place]) => [name, Number(place)]));
const number = (name) => data.readUInt16BE(HEAD + 2 * places[name]);

/** What stands at an address: a constant as such. */
function operand(address) {
  const [from, end] = [number("PROGRAM_END"), number("TERMS")];
  const constant = address >= from && address < end;
  return constant ? `0x${data.subarray(address - START, address - START + 32).toString("hex")}` : `mload(${address})`;
}

/** Instructions of a function: the compiler has no stack for many more. */
const CHUNK = 12;

/** Functions with the instructions between two addresses, without products by one and sums with zero, and one of this name that calls them. */
function program(name, from, end) {
  const [zero, one] = [0n, 1n].map((value) => `0x${value.toString(16).padStart(64, "0")}`);
  const lines = [];
  for (let at = from - START; at < end - START; at += 8) {
    const [a, b, c] = [2, 4, 6].map((place) => operand(data.readUInt16BE(at + place)));
    const factors = [a, b].filter((factor) => factor !== one);
    const product = factors.length === 2 ? `mulmod(${factors}, r)` : (factors[0] ?? one);
    lines.push(`mstore(${data.readUInt16BE(at)}, ${c === zero ? product : `addmod(${product}, ${c}, r)`})`);
  }
  const chunks = lines.flatMap((_, at) => (at % CHUNK ? [] : [lines.slice(at, at + CHUNK)]));
  const functions = chunks.map((chunk, i) => `function ${name}${i}() private pure {\nassembly {\nlet r := R\n${chunk.join("\n")}\n}\n}\n`);
  const calls = chunks.map((_, i) => `${name}${i}();`).join("\n");
  // Called in two places, of which one is never reached, none is inlined.
  return `${functions.join("")}function ${name}() private pure {\nif (msg.data.length == 0) {\n${calls}\n}\n${calls}\n}\n`;
}

function replaced(name, pattern, text) {
  const before = files[name];
  files[name] = before.replace(pattern, () => text);
  if (files[name] === before) throw new Error(`${name} has no ${pattern}`);
}

const [first, second, end] = ["FIRST_PROGRAM", "SECOND_PROGRAM", "PROGRAM_END"].map(number);
replaced("contracts/Equation.sol", "run(Key.get(Key.FIRST_PROGRAM), Key.get(Key.SECOND_PROGRAM));", "first();");
replaced("contracts/Equation.sol", "run(Key.get(Key.SECOND_PROGRAM), Key.get(Key.PROGRAM_END));", "second();");
replaced(
  "contracts/Equation.sol",
  /function run\([\s\S]*?\n    }\n/,
  `${program("first", first, second)}${program("second", second, end)}`,
);
for (const name of Object.keys(files)) {
  files[name] = files[name].replace(/Key\.get\(Key\.(\w+)\)/g, (_, place) => `uint256(${number(place)})`);
}
replaced(
  "contracts/Key.sol",
  /function load\([\s\S]*?\n    }\n/,
  `function load(address) internal pure returns (bytes32 hash) {
    assembly {
      codecopy(AT, sub(codesize(), ${data.length}), ${data.length})
      hash := mload(AT)
    }
  }
`,
);
// 2018: key data is read from no account here. 5574: the code may be larger than that of an account may be.
const output = compile(files, ["evm.deployedBytecode.object"], ["2018", "5574"]);
console.log(output.contracts[VERIFIER].Verifier.evm.deployedBytecode.object + data.toString("hex"));
