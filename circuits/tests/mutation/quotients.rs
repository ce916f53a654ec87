//! Each constraint on rows of quotients is needed, and none lets a liar's cells pass.

use super::*;

/// Three quotients that are published, under divisors of both signs: of the input by a constant beside the input.
fn published() -> Program {
    let spread = |first: usize| {
        let taps = [vec![(0, 0)], vec![]];
        let taps = if first == 0 {
            taps
        } else {
            [taps[1].clone(), taps[0].clone()]
        };
        [
            Axis::identity(1),
            Axis {
                kernel: 1,
                taps: taps.to_vec(),
            },
        ]
    };
    let mut operands = affine(vec![part(0)], 3, 3, spread(0), 140);
    operands.bias.clear();
    operands.contractions.push(constants(spread(1), vec![700, -650, 812]));
    operands.linear.push(Linear {
        part: part_at(0, 500, 0),
        axes: spread(1),
    });
    model(vec![
        tensor("input", [3, 1, 1], true, Step::Input),
        tensor("operands", [3, 1, 2], true, Step::Affine(operands)),
        tensor(
            "quotients",
            [3, 1, 1],
            true,
            Step::Quotient(Quotient { tensor: 1, alpha: 64 }),
        ),
    ])
}

/// The cells of one quotient.
struct Divided {
    channel: usize,
    row: usize,
    lane: usize,
    /// Twice the magnitude of the divisor.
    twice: i128,
    /// The remainder.
    rem: i128,
}

impl Divided {
    fn new(case: &Case, channel: usize) -> Self {
        let [a, b] = [0, 1].map(|i| case.witness.trace.accumulators[1][2 * channel + i]);
        let twice = 2 * b.abs();
        Self {
            channel,
            row: case.layout.rows[2][channel / 2],
            lane: channel % 2,
            twice,
            rem: (2 * 64 * a * b.signum() + b.abs()).rem_euclid(twice),
        }
    }

    fn put(&self, t: &mut Table, rows: usize, integer: i128) {
        let (lane, f) = (t.config.advice.lanes[self.lane].clone(), PRECISION.bits());
        assert!((0..1 << (2 * f)).contains(&integer));
        put(t, &lane.high, self.row + rows, (integer >> f) as u64);
        put(t, &lane.rem, self.row + rows, (integer & ((1 << f) - 1)) as u64);
    }

    /// The remainder, and what it is short of the divisor.
    fn remainder(&self, t: &mut Table, rem: i128, short: i128) {
        self.put(t, 0, rem);
        self.put(t, 1, short);
    }

    /// Another quotient, claimed.
    fn value(&self, t: &mut Table, delta: Fr) {
        add(t, t.config.advice.lanes[self.lane].value, self.row, delta);
        claim(t, self.channel, delta);
    }

    /// The bits of the quotient moved by so much.
    fn bits(&self, t: &mut Table, delta: i64) {
        let lane = t.config.advice.lanes[self.lane].clone();
        let old = t.get(lane.value, self.row);
        let value = small(old) as i64 + delta;
        put(t, &lane.high, self.row + 2, value as u64);
    }

    fn gate(&self, name: &str) -> String {
        format!("lane {}/{name}#", self.lane)
    }
}

#[test]
fn each_gate_of_a_quotient_is_needed() {
    let case = wide(published(), false);
    let mut f = Forge::new(&case);
    let one = Fr::one();
    for channel in 0..3 {
        let d = Divided::new(&case, channel);
        assert!(d.rem > 0 && d.rem + 1 < d.twice);
        f.expect(&d.gate("quotient of neighbours"), |t| {
            d.bits(t, -1);
            d.value(t, -one);
            t.recompute();
        });
        // The remainder of the quotient below is not less than the divisor.
        f.expect(&d.gate("remainder is less than the divisor"), |t| {
            d.bits(t, -1);
            d.value(t, -one);
            d.remainder(t, d.rem + d.twice, 0);
            t.recompute();
        });
        // Under the other sign of the divisor the quotient is rounded the other way.
        f.expect(&d.gate("remainder is less than the divisor"), |t| {
            let sign = t.config.advice.lanes[d.lane].sign;
            let flipped = one - t.get(sign, d.row);
            t.set(sign, d.row, flipped);
            d.bits(t, 1);
            d.value(t, one);
            d.remainder(t, d.twice - d.rem, 0);
            t.recompute();
        });
        // A field has a quotient for every remainder.
        f.expect(&d.gate("quotient is in range"), |t| {
            d.remainder(t, d.rem + 1, d.twice - 1 - (d.rem + 1));
            let twice = Fr::from(d.twice as u64).invert().expect("not zero");
            d.value(t, -twice);
            t.recompute();
        });
    }
    f.expect("lane 1/padding of a quotient is zero", |t| {
        let d = Divided {
            channel: 3,
            lane: 1,
            ..Divided::new(&case, 2)
        };
        d.bits(t, 1);
        d.value(t, one);
        t.recompute();
    });
    let names = ["quotient", "remainder"];
    let gates = f.base.gates.iter().map(|g| &g.0);
    let missing: Vec<_> = gates
        .filter(|g| names.iter().any(|name| g.contains(name)) && !f.broken.contains(*g))
        .collect();
    assert!(missing.is_empty(), "no forgery needs {missing:?}");
}

/// Every quotient but the right one, with the remainder that it would have, as far as that has cells.
#[test]
fn no_other_quotient_is_accepted() {
    let case = wide(published(), true);
    let honest = Table::new(&case, 6);
    for channel in 0..3 {
        let (d, right) = (Divided::new(&case, channel), case.witness.trace.values[2][channel]);
        for other in (-1024i64..1024).filter(|q| *q != right) {
            let mut t = honest.clone();
            let moved = i128::from(other - right);
            let rem = (d.rem - moved * d.twice).clamp(0, (1 << (2 * PRECISION.bits())) - 1);
            d.bits(&mut t, other - right);
            let value = t.config.advice.lanes[d.lane].value;
            add(&mut t, value, d.row, provenn_circuits::argument::signed(moved));
            d.remainder(&mut t, rem, (d.twice - 1 - rem).max(0));
            let gates = ["quotient of neighbours", "remainder is less"];
            let gates = gates
                .into_iter()
                .flat_map(|name| t.gate(&format!("lane {}/{name}", d.lane)));
            let broken = |gate: usize| (0..2).any(|rows| t.eval(gate, d.row + rows) != Fr::zero());
            assert!(gates.into_iter().any(broken), "channel {channel}: {other}");
        }
    }
}

/// Divisors of 0 have no quotient at all, not even of 0.
#[test]
fn nothing_is_divided_by_zero() {
    for dividend in [0, 5] {
        let mut model = published();
        let Step::Affine(operands) = &mut model.tensors[1].step else {
            unreachable!("affine")
        };
        let Contraction { weights, .. } = &mut operands.contractions[0];
        weights.edit(|weights| weights[..3].copy_from_slice(&[dividend, 0, 0]));
        operands.contractions[1].weights.edit(|weights| weights[0] = -500);
        let case = wide(published(), true);
        let input = [32, 3, 4];
        let refused = run(&model, &input);
        assert!(
            matches!(refused, Err(CircuitError::OutOfRange { value: 0, min: 1, .. })),
            "{refused:?}"
        );
        let mut trace = run(&published(), &input).expect("in range");
        let (a, f) = (i128::from(32 * dividend), PRECISION.bits());
        trace.accumulators[1][..2].copy_from_slice(&[a, 0]);
        trace.values[1][..2].copy_from_slice(&[((a + (1 << (f - 1))) >> f) as i64, 0]);
        for quotient in [-1024, -1, 0, 1, 64, 1023] {
            trace.values[2][0] = quotient;
            let lie = Case::build(model.clone(), (*case.layout).clone(), trace.clone());
            let mut t = Table::new(&lie, 7);
            let d = Divided {
                channel: 0,
                row: t.layout.rows[2][0],
                lane: 0,
                twice: 0,
                rem: 0,
            };
            let zero = model.zero(2);
            let value = t.config.advice.lanes[0].value;
            t.set(value, d.row, Fr::from((quotient + zero) as u64));
            d.bits(&mut t, 0);
            for sign in [0, 1] {
                let column = t.config.advice.lanes[0].sign;
                t.set(column, d.row, Fr::from(sign));
                // The remainder that the first gate wants is the dividend, where its sign is right.
                d.remainder(&mut t, 2 * 64 * a, 0);
                t.recompute();
                let broken = t.violations();
                let of_divisor = |name: &String| name.starts_with("lane 0/remainder is less than the divisor");
                assert!(broken.iter().any(of_divisor), "{broken:?}");
                assert!(dividend != 0 || broken.len() == 1, "{broken:?}");
            }
        }
    }
}
