// What receipts have let out, and how much they may.

import { Problem, call, get, key } from "./api.js";
import { element, field, figures, form, identifier, input, link, sheet } from "./dom.js";
import { bits, count, figure, policy, short } from "./format.js";
import { quoted } from "./text.js";

/** Inputs and keys that a list shows: those with the most bits. */
const MOST = 100;
/** The service gives no more accounts at once. */
const ALL = 10_000;

/** All models of the tenant, and all keys. */
export async function ledger(_, signal) {
  const [{ bits: out, reserved_bits: reserved, accounts, budgets }, { models }] = await Promise.all([get("/v1/ledger", { signal }), get("/v1/models", { signal })]);
  const names = new Map(models.flatMap(({ summary, commits }) => commits.map((commit) => [commit.model_id, summary.name])));
  const limit = (scope, subject) => budgets.find((budget) => budget.scope === scope && budget.subject === subject)?.bits;
  // A model without receipts has a page too: its limits are set there.
  const ofModels = new Map([...names.keys()].map((id) => [id, nothing()]));
  for (const one of accounts) add(ofModels, one.model, one, true);
  const ofKeys = new Map();
  for (const one of accounts) add(ofKeys, one.requester, one, false);
  // A graph stands in the place of a model.
  const called = (id, { policies }) => names.get(id) || (names.has(id) || ![...policies.keys()].some(colouring) ? "Model" : "Graph");
  const model = ([id, sum]) => account([link(called(id, sum), `#/ledger/${id}`, "strong"), " ", element("span", "mono id", short(id))], sum, limit("model", id));
  const holder = ([id, sum]) => account(requester(id), sum, limit("key", id), keyLimit(id, limit("key", id), signal));
  return {
    title: "Ledger",
    body: [
      sheet("All receipts", ...totals(out, reserved, accounts), ...rest(accounts)),
      element(
        "div",
        "columns even",
        sheet("By model", list([...ofModels], model, "No model is committed yet. Receipts are counted from the first one on.")),
        sheet("By key, over all models", list([...ofKeys], holder, "No key has asked for a receipt yet.")),
      ),
    ],
  };
}

/** One model: its inputs, the keys that asked, the limits. */
export async function modelLedger([id], signal) {
  const { bits: out, reserved_bits: reserved, accounts, files, parts, budgets } = await get(`/v1/ledger?model=${id}`, { signal });
  const graph = accounts.some((account) => colouring(account.policy));
  const { card } = graph ? { card: null } : await get(`/v1/models/${id}`, { signal });
  const limit = (scope) => budgets.find((budget) => budget.scope === scope && budget.subject === id)?.bits;
  const [inputs, keys] = [new Map(), new Map()];
  // What several inputs had together counts for each of them, as its limit does.
  const together = new Map();
  for (const { input, part } of parts) together.set(input, [...(together.get(input) ?? []), part]);
  for (const one of accounts) {
    for (const which of together.get(one.input) ?? [one.input]) add(inputs, which, one, true);
    add(keys, one.requester, one, false);
  }
  const byInput = ([which, sum]) => account(identifier(which, `${which.slice(0, 16)}…`), sum, limit("input"), uploads(files.filter(({ part }) => part === which)));
  const byKey = ([which, sum]) => account(requester(which), sum, limit("requester"));
  return {
    title: `Ledger of ${card?.name ? quoted(card.name) : `${graph ? "the graph " : ""}${short(id)}`}`,
    body: [
      sheet("All receipts", ...totals(out, reserved, accounts, limit("model")), ...rest(accounts), ...(graph ? [] : [element("p", "hint after", link("See the model", `#/models/${id}`))])),
      element(
        "div",
        "columns",
        element(
          "div",
          "column",
          sheet("By input", element("p", "hint", "An input is named by the SHA-256 of its integers: the same numbers in another file are the same input."), ...(together.size > 0 ? [element("p", "hint", "A receipt about several inputs counts in full for each of them.")] : []), list([...inputs], byInput, "No receipt about any input yet.")),
          sheet("By key", list([...keys], byKey, "No key has asked for a receipt of this model yet.")),
        ),
        modelLimits(id, limit, signal),
      ),
    ],
  };
}

/** Whether a receipt was one of a colouring. */
const colouring = (policy) => policy.startsWith("colouring:");

const nothing = () => ({ bits: 0, reserved: 0, policies: new Map() });

/** Adds an account to a sum. `once`: of a receipt that several keys asked for, only the first key's part. */
function add(sums, name, one, once) {
  const sum = sums.get(name) ?? nothing();
  sums.set(name, sum);
  sum.bits += once ? one.first_bits : one.bits;
  sum.reserved += once ? one.first_reserved_bits : one.reserved_bits;
  sum.policies.set(one.policy, (sum.policies.get(one.policy) ?? 0) + (once ? first(one) : one.receipts));
}

/** Receipts of an account that no other key had asked for before: each has the same part of its bits. */
const first = ({ receipts, bits: out, first_bits: firstOut }) => (out > 0 ? Math.round((receipts * firstOut) / out) : receipts);

/** Names, bits and the limit; under it the policies. */
function account(name, { bits: out, reserved, policies }, limit, ...more) {
  const receipts = [...policies].filter(([, number]) => number > 0).map(([name, number]) => `${count(number)} × ${policy(name)}`);
  const texts = [receipts.length === 0 ? "no receipts yet" : receipts.join(", "), reserved > 0 ? `${bits(reserved)} under way` : ""];
  return element(
    "li",
    "",
    element("div", "row-head", element("span", "", ...[name].flat()), element("span", "amount", used(out, limit))),
    ...gauge(out, reserved, limit),
    element("p", "quiet-text", texts.filter((text) => text !== "").join(" · ")),
    ...more,
  );
}

const used = (out, limit) => (limit === undefined ? bits(out) : `${figure(out)} of ${bits(limit)}`);

/** How full an account is; none without a limit. */
function gauge(out, reserved, limit) {
  if (limit === undefined) return [];
  const made = element("meter", "");
  Object.assign(made, { max: Math.max(limit, 1e-6), high: 0.9 * limit, value: Math.min(out + reserved, limit) });
  made.setAttribute("aria-label", "Taken of the limit, with what is under way");
  return [made];
}

function list(entries, row, none) {
  if (entries.length === 0) return element("p", "hint", none);
  const sorted = entries.sort(([, a], [, b]) => b.bits + b.reserved - a.bits - a.reserved);
  const more = sorted.length > MOST ? [element("p", "hint after", `${count(sorted.length - MOST)} more with fewer bits.`)] : [];
  return element("div", "", element("ul", "rows", ...sorted.slice(0, MOST).map(row)), ...more);
}

function totals(out, reserved, accounts, limit) {
  const receipts = accounts.reduce((sum, one) => sum + first(one), 0);
  return [
    element("p", "hint", "Bits that receipts can have revealed at most: the logarithm of how many answers a policy has, “no receipt” among them. Each request that was begun counts in full, also one that repeats an answer or is refused."),
    figures([bits(out), "let out"], [bits(reserved), "under way"], [count(receipts), receipts === 1 ? "receipt" : "receipts"], ...(limit === undefined ? [] : [[bits(limit), "limit"]])),
  ];
}

const rest = (accounts) => (accounts.length < ALL ? [] : [element("p", "hint after", `Only the first ${count(ALL)} accounts are counted here.`)]);

/** The files that an input was uploaded as. */
function uploads(files) {
  const names = files.flatMap(({ file }, index) => [index === 0 ? "" : ", ", identifier(file, short(file))]);
  return element("p", "quiet-text", "Uploaded as the file ", ...names);
}

function requester(id) {
  const own = key.get()?.split("_")[1] === id;
  return [identifier(id), ...(own ? [" ", element("span", "tag", "your key")] : [])];
}

function modelLimits(id, limit, signal) {
  const fields = [
    ["total_bits", "All receipts together", "model"],
    ["input_bits", "About one input, each", "input"],
    ["requester_bits", "For one key, each", "requester"],
  ].map(([name, text, scope]) => [name, text, amount(name, limit(scope))]);
  const act = async () => {
    const json = Object.fromEntries(fields.map(([name, , made]) => [name, number(made)]).filter(([, value]) => value !== null));
    await call("PUT", `/v1/ledger/models/${id}`, { json, signal });
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  return sheet(
    "Limits, in bits",
    element("p", "hint", "A receipt that does not fit is refused before anything is proven. An empty field is no limit. Limits hold for what is asked from now on."),
    form("Set the limits", act, element("div", "fields", ...fields.map(([, text, made]) => field(text, made)))),
  );
}

function keyLimit(id, limit, signal) {
  const made = amount("bits", limit);
  const act = async () => {
    const value = number(made);
    await call("PUT", `/v1/ledger/requesters/${id}`, { json: value === null ? {} : { bits: value }, signal });
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  return element("details", "", element("summary", "", limit === undefined ? "Limit this key" : "Change the limit"), form("Set the limit", act, field("Bits, over all models", made, "Empty for no limit.")));
}

const amount = (name, value) => input(name, { inputMode: "decimal", value: value === undefined ? "" : String(value) });

/** The bits in a field, null if it is empty. */
function number(made) {
  const text = made.value.trim();
  const wrong = text !== "" && !(Number(text) >= 0 && Number(text) <= 1e9);
  made.setAttribute("aria-invalid", String(wrong));
  if (!wrong) return text === "" ? null : Number(text);
  made.focus();
  throw new Problem({ code: "", detail: "A limit is a number of bits from 0 to 1,000,000,000." });
}
