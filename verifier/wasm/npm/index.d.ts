/** Bytes of a file. */
export type Bytes = Uint8Array | ArrayBuffer | Blob;
/** 64 hexadecimal digits, or 32 bytes. */
export type Digest = string | Uint8Array;

/** The files. Card and receipt may be those of a model in segments. */
export type Files =
  | { receipt: Bytes; card: Bytes; srs: Bytes; bundle?: undefined; receiptIndex?: undefined }
  /** A bundle holds all of them; `receiptIndex` says which of its receipts is judged, the first by default. */
  | { bundle: Bytes; receiptIndex?: number; receipt?: undefined; card?: undefined; srs?: undefined };

/** What you rely on. Of the first four each has to be named, or to be null: it is not checked then. */
export interface Expectation {
  /** The model's id, from a source that you trust: anybody can make receipts for a model of their own. */
  modelId: Digest | null;
  /** The agreed policy, with numbers in the units of the output: `label`, `threshold:0:0.5`; `1/label` about the second output. */
  policy: string | null;
  /** Who the receipt is for: you. */
  audience: string | null;
  /** The 32 random bytes that you gave out for this receipt alone. */
  nonce: Digest | null;
  /** The parameters' id. */
  srsId?: Digest | null;
  /** The time at which the receipt must be valid, in unix seconds; that of the clock by default. */
  now?: number;
  /** Accept development parameters: for tests, and for those who trust the machine that made them. */
  acceptDev?: boolean;
}

/** What the policy lets out; scores in the units of the output. */
export type Answer =
  | { form: "scores"; scores: number[] }
  | { form: "outputs"; outputs: number[][] }
  | { form: "label"; label: number; class: string | null }
  | { form: "labels"; labels: number[] }
  | { form: "bit"; bit: boolean }
  | { form: "yes" }
  | { form: "count"; count: number }
  | { form: "counts"; counts: number[] }
  | { form: "gap"; gap: number };

/** An input of the model. */
export interface Input {
  name: string;
  shape: number[];
  unit: string | null;
  /** Its numbers, row-major, as the model took them; null if the receipt commits to it. */
  values: number[] | null;
}

/** What a valid receipt states. */
export interface Verified {
  /** Whether that is true only for those who trust the maker of the parameters; false unless you accept it. */
  development: boolean;
  /** The answer in words. */
  words: string;
  answer: Answer;
  /** The policy's name. */
  policy: string;
  /** The output that the policy speaks of; null of all. */
  output: string | null;
  inputs: Input[];
  modelId: string;
  audience: string;
  nonce: string;
  /** Last second of validity (unix time); null without an end. */
  notAfter: number | null;
}

/** Why a receipt is refused. */
export class VerifyError extends Error {
  /** Stable identifier, the same in the command line and in the crate. */
  readonly code: string;
  /** What you can do. */
  readonly help: string;
  /** The check that failed, where it is known. */
  readonly check: string | null;
  /** The parts of the receipt that are not as asked. */
  readonly fields: string[];
}

/**
 * Verifies a receipt: everything is decided here, without a network.
 *
 * @throws {VerifyError} if the receipt is refused.
 * @throws {TypeError} if the request is malformed.
 */
export function verify(request: Files & Expectation): Promise<Verified>;
