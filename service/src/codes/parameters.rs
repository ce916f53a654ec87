//! What is said of KZG parameters.

use super::{code, Code};

const CACHE: &str = "If it is a dev-k*.srs of a cache, delete it and run again; otherwise get it again from where it came, and delete nothing.";
const PTAU: &str = "Fetch the .ptau file again; this copy is incomplete or altered.";
const UNUSABLE: &str = "Do not use this SRS; fetch it again from a publisher you trust and pin its digest.";
const FORM: &str = "Use a snarkjs .ptau file, format version 1.";

#[rustfmt::skip]
pub const PARAMETERS: &[Code] = &[
    code("no-home", "There is no folder for development parameters: neither PROVENN_HOME nor HOME is set.", "Name the folder with `--srs`."),
    code("srs-cache-corrupted", "A file of parameters has another digest than it states.", CACHE),
    code("srs-cache-foreign", "A file of development parameters was made from another secret than the one in its folder.", CACHE),
    code("srs-cache-format", "A file of parameters is not of this version.", CACHE),
    code("srs-cache-point", "A file of parameters holds something that is no curve point.", CACHE),
    code("srs-dev-missing", "The development parameters that the card was committed under are not in this folder.", "Name with `--srs` the parameters that the card was committed under: the owner's dev-k*.srs or its folder, or what `provenn srs import` wrote. Nothing is made here: new parameters would be others."),
    code("srs-digest-mismatch", "A ceremony file has another digest than the pinned one.", "Fetch the file again from its publisher and compare the digest you pinned."),
    code("srs-generator-mismatch", "The first point of an SRS is not the generator.", UNUSABLE),
    code("srs-id", "The service handed a process parameters of another id.", "Please report this."),
    code("srs-io", "Reading or writing parameters failed.", "Check that the path exists, that it is readable and writable, and that the disk has room."),
    code("srs-k-out-of-range", "The size that was asked for is not between the smallest and the largest that there is.", "Choose a k in the range, or an SRS with more powers."),
    code("srs-lagrange-inconsistent", "The Lagrange points of an SRS are not those of its powers.", UNUSABLE),
    code("srs-point-invalid", "A point of an SRS is not canonically encoded, not on the curve, or the identity.", UNUSABLE),
    code("srs-point-outside-subgroup", "A G2 point of an SRS is on the curve but outside the subgroup of prime order.", UNUSABLE),
    code("srs-powers-inconsistent", "The points of an SRS are not successive powers of one secret.", UNUSABLE),
    code("srs-ptau-header", "The header of a ceremony file is not of the supported form.", FORM),
    code("srs-ptau-lagrange", "The Lagrange points in a ceremony file are not those of its powers.", UNUSABLE),
    code("srs-ptau-magic", "The file does not begin as a ceremony file does.", FORM),
    code("srs-ptau-prime", "The ceremony is over another curve.", "Use a ceremony over BN254 (also called bn128 or alt_bn128)."),
    code("srs-ptau-section-length", "A section of a ceremony file has another length than its header asks for.", PTAU),
    code("srs-ptau-section-missing", "A section of a ceremony file is missing.", PTAU),
    code("srs-ptau-section-repeated", "A section of a ceremony file appears twice.", PTAU),
    code("srs-ptau-truncated", "A ceremony file is shorter than its sections need.", PTAU),
    code("srs-randomness", "The operating system gave no randomness for development parameters.", "Run where the operating system's random source is available."),
    code("srs-secret-degenerate", "Nobody contributed to the ceremony file: its secret is zero or a root of unity.", "Use the file after at least one contribution, from a ceremony you trust."),
    code("srs-seed-length", "The seed of development parameters has another length.", "Delete dev.seed and every dev-k*.srs beside it, and run again."),
    code("srs-seed-open", "Other users can read the seed of development parameters, and forge receipts with it.", "Make new parameters in a folder of your own; `chmod 600` suffices only if nobody has read it."),
    code("srs-tau-mismatch", "The two halves of an SRS have different secrets.", UNUSABLE),
    code("srs-too-small", "The parameters have fewer powers than the model needs.", "Import more powers with `provenn srs import --k`."),
    code("unknown-ceremony", "The file is of no ceremony that is known by name.", "Pin the digest that its ceremony published with `--digest HEX`."),
];
