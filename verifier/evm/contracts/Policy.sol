// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {R, require_, refuse} from "./Words.sol";
import {Reader, Bytes} from "./Reader.sol";
import {Key, Layout} from "./Key.sol";

/// A policy of a claim with its parameters.
struct Stated {
    uint256 tag;
    /// The output that it speaks of; `ALL` for all of them.
    uint256 target;
    /// A parameter: an index or a number of outputs.
    uint256 index;
    /// A parameter: a score.
    int256 score;
    /// Where the set of `label-in` is, and how many it has.
    uint256 set;
    uint256 setCount;
}

/// The public rows of a policy. The circuit shows of every row that `d = a z + t top + c` is in `[0, 2^width)` and `g d = 0`, where `z` is the score of
/// the row and `top` one value for all rows that the prover chooses. Rows of an output stand from its last one down.
library Policy {
    using Bytes for Reader;

    uint256 internal constant SCORES = 1;
    uint256 internal constant LABEL = 2;
    uint256 internal constant THRESHOLD = 3;
    uint256 internal constant YES_ONLY = 4;
    uint256 internal constant MARGIN = 5;
    uint256 internal constant TOP = 6;
    uint256 internal constant LABEL_IN = 7;
    uint256 internal constant ROUND = 8;
    uint256 internal constant ALL = type(uint256).max;

    bytes32 private constant RANGE = "policy-out-of-range";

    /// Reads a policy and its target.
    function read(Reader memory reader) internal pure returns (Stated memory stated) {
        unchecked {
            uint256 tag = reader.u8();
            require_(tag - 1 < 8, "bad-tag");
            stated.tag = tag;
            if (tag == THRESHOLD || tag == YES_ONLY || tag == TOP) stated.index = reader.u32();
            if (tag == THRESHOLD || tag == YES_ONLY || tag == MARGIN || tag == ROUND) stated.score = reader.i64();
            if (tag == LABEL_IN) {
                stated.setCount = reader.u32();
                require_(stated.setCount != 0, RANGE);
                require_(stated.setCount <= 1 << 20, "too-large");
                stated.set = reader.skip(4 * stated.setCount);
            }
            // 0 is all of several outputs, which only `scores` speaks of.
            uint256 target = reader.u32();
            uint256 outputs = Key.get(Key.OUTPUT_COUNT);
            require_(target == 0 ? tag == SCORES && outputs > 1 : target <= outputs, RANGE);
            stated.target = target - 1;
        }
    }

    /// Reads the answer, and writes the rows into columns `a, t, c, g` at `cells`, which are zero. Returns a label or bit as it is, 1 for `yes`, and
    /// zero for what has more numbers.
    function fill(Stated memory stated, Reader memory reader, uint256 cells) internal pure returns (uint256 word) {
        unchecked {
            uint256 outputs = Key.get(Key.OUTPUT_COUNT);
            uint256 rows = Key.get(Key.POLICY_ROWS);
            if (stated.target == ALL) require_(reader.u32() == outputs, RANGE);
            for (uint256 index = 0; index < outputs; ++index) {
                (, uint256 taken,,) = Layout.output(index);
                if (stated.target == ALL || stated.target == index) {
                    word = one(stated, reader, cells, rows - 1, index);
                }
                rows -= taken;
            }
        }
    }

    /// The rows of one output, from `last` up.
    function one(Stated memory stated, Reader memory reader, uint256 cells, uint256 last, uint256 index)
        private
        pure
        returns (uint256 word)
    {
        unchecked {
            (uint256 len,, uint256 bits, uint256 width) = Layout.output(index);
            int256 half = int256(1 << (bits - 1));
            uint256 tag = stated.tag;
            if (tag == SCORES || tag == ROUND) {
                scores(stated, reader, cells, last, len, half, width);
            } else if (tag == LABEL || tag == MARGIN || tag == LABEL_IN) {
                word = reader.u32();
                require_(word < len, RANGE);
                int256 before = 1;
                int256 behind = 0;
                if (tag == MARGIN) {
                    require_(stated.score > 0 && stated.score < half, RANGE);
                    before = stated.score;
                    behind = before;
                } else if (tag == LABEL_IN) {
                    require_(isIn(stated, word, len), RANGE);
                }
                // top - z = 0 at the label, and top - z >= before or behind on its two sides
                for (uint256 row = 0; row < len; ++row) {
                    int256 c = row < word ? -before : (row == word ? int256(0) : -behind);
                    put(cells, last - row, -1, 1, c, row == word ? int256(1) : int256(0));
                }
            } else if (tag == THRESHOLD || tag == YES_ONLY) {
                require_(stated.index < len && stated.score >= -half && stated.score < half, RANGE);
                word = tag == YES_ONLY ? 1 : reader.u8();
                require_(word < 2, "bad-tag");
                // z - threshold >= 0, or threshold - 1 - z >= 0
                if (word == 1) put(cells, last - stated.index, 1, 0, -stated.score, 0);
                else put(cells, last - stated.index, -1, 0, stated.score - 1, 0);
            } else {
                top(stated, reader, cells, last, len);
            }
        }
    }

    /// `scores`: z - score = 0. `round`: K (z - score) in [0, 2^width), K = 2^width / step.
    function scores(
        Stated memory stated,
        Reader memory reader,
        uint256 cells,
        uint256 last,
        uint256 len,
        int256 half,
        uint256 width
    ) private pure {
        unchecked {
            bool round = stated.tag == ROUND;
            int256 step = stated.score;
            int256 factor = 1;
            if (round) {
                require_(step > 0 && step < half && step & (step - 1) == 0 && width != 0, RANGE);
                // A factor of a range that is smaller than the step would be a fraction; one of 2^63 and more is not an integer of the format.
                require_(int256(1 << width) >= step, RANGE);
                factor = int256(1 << width) / step;
            }
            (uint256 count, uint256 bytes_, uint256 ptr) = reader.integers();
            require_(count == len, RANGE);
            uint256 magnitudes = 0;
            for (uint256 row = 0; row < len; ++row) {
                int256 score = Bytes.integer(ptr, bytes_, row);
                magnitudes |= Bytes.magnitude(score);
                require_(score >= -half && score < half, RANGE);
                if (round) require_(score & (step - 1) == 0, RANGE);
                put(cells, last - row, factor, 0, -factor * score, round ? int256(0) : int256(1));
            }
            Bytes.checkWidth(bytes_, magnitudes);
        }
    }

    /// With R runs of neighbours that are members, or are not, output i has the key R z_i - run(i); keys of members are at least `top`, those of the
    /// others less: R z - run - top >= 0, and top - 1 - (R z - run) >= 0.
    function top(Stated memory stated, Reader memory reader, uint256 cells, uint256 last, uint256 len) private pure {
        unchecked {
            uint256 count = reader.u32();
            require_(stated.index >= 1 && stated.index <= len && count == stated.index, RANGE);
            uint256 ptr = reader.skip(4 * count);
            int256 runs;
            // Once to count the runs, once to write the rows.
            for (uint256 pass = 0; pass < 2; ++pass) {
                uint256 met = 0;
                int256 run = 0;
                bool was = false;
                for (uint256 row = 0; row < len; ++row) {
                    bool is_ = met < count && member(ptr, met) == row;
                    if (is_) ++met;
                    if (row != 0 && is_ != was) ++run;
                    was = is_;
                    if (pass == 1) {
                        if (is_) put(cells, last - row, runs, -1, -run, 0);
                        else put(cells, last - row, -runs, 1, run - 1, 0);
                    }
                }
                // Members that were not met are out of order, named twice or beyond the outputs.
                require_(met == count, RANGE);
                runs = run + 1;
            }
        }
    }

    /// Whether a label is in the set, which has to be ascending and of labels that there are.
    function isIn(Stated memory stated, uint256 label, uint256 len) private pure returns (bool found) {
        unchecked {
            uint256 least = 0;
            for (uint256 i = 0; i < stated.setCount; ++i) {
                uint256 one_ = member(stated.set, i);
                require_(one_ >= least && one_ < len, RANGE);
                least = one_ + 1;
                if (one_ == label) found = true;
            }
        }
    }

    function member(uint256 ptr, uint256 index) private pure returns (uint256 value) {
        unchecked {
            uint256 from = ptr + 4 * index;
            assembly {
                value := calldataload(from)
            }
            value = ((value >> 248) & 0xFF) | ((value >> 232) & 0xFF00) | ((value >> 216) & 0xFF0000) | ((value >> 200) & 0xFF000000);
        }
    }

    function put(uint256 cells, uint256 row, int256 a, int256 t, int256 c, int256 g) private pure {
        unchecked {
            uint256 column = 32 * Key.get(Key.POLICY_ROWS);
            uint256 ptr = cells + 32 * row;
            store(ptr, a);
            store(ptr + column, t);
            store(ptr + 2 * column, c);
            store(ptr + 3 * column, g);
        }
    }

    /// An integer as a scalar.
    function store(uint256 ptr, int256 value) private pure {
        assembly {
            mstore(ptr, add(value, mul(R, slt(value, 0))))
        }
    }
}
