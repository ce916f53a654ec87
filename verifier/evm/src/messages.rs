//! What a proof consists of, in the order in which the transcript takes it.

use provenn_verifier::VerifyingKey;

/// How many messages a proof has, and where which are.
pub(crate) struct Messages {
    /// For each advice column the number of its point.
    pub(crate) advice: Vec<usize>,
    /// Points, scalars and challenges of each round.
    pub(crate) rounds: Vec<[usize; 3]>,
    /// For each challenge of the circuit its number among all.
    pub(crate) challenges: Vec<usize>,
    /// The first challenge after those: theta, beta, gamma; y; x; y and v of the opening; u.
    pub(crate) later: usize,
    /// Products of the permutation.
    pub(crate) products: usize,
    /// The first point that is no advice.
    pub(crate) first_product: usize,
    /// Pieces of the quotient.
    pub(crate) pieces: usize,
    /// Points of the proof.
    pub(crate) points: usize,
    /// Scalars of the proof.
    pub(crate) scalars: usize,
}

impl Messages {
    pub(crate) fn of(key: &VerifyingKey) -> Self {
        let mut advice = vec![0; key.advice_phases.len()];
        let mut challenges = vec![0; key.challenge_phases.len()];
        let (mut points, mut drawn, mut rounds) = (0, 0, Vec::new());
        for phase in 0..=key.advice_phases.iter().max().copied().unwrap_or(0) {
            let before = (points, drawn);
            for (place, _) in advice
                .iter_mut()
                .zip(&key.advice_phases)
                .filter(|(_, of)| **of == phase)
            {
                *place = points;
                points += 1;
            }
            for (place, _) in challenges
                .iter_mut()
                .zip(&key.challenge_phases)
                .filter(|(_, of)| **of == phase)
            {
                *place = drawn;
                drawn += 1;
            }
            rounds.push([points - before.0, 0, drawn - before.1]);
        }
        let products = key.permutation_columns.len().div_ceil(chunk(key));
        let pieces = key.quotient_pieces() as usize;
        let evaluations = key.advice_queries.len() + key.fixed_queries.len() + key.permutation_columns.len();
        let scalars = evaluations + (3 * products).saturating_sub(1);
        rounds.extend([
            [0, 0, 3],
            [products, 0, 1],
            [pieces, 0, 1],
            [0, scalars, 2],
            [1, 0, 1],
            [1, 0, 0],
        ]);
        Self {
            advice,
            rounds,
            challenges,
            later: drawn,
            products,
            first_product: points,
            pieces,
            points: points + products + pieces + 2,
            scalars,
        }
    }
}

/// Columns for each product of the permutation.
pub(crate) fn chunk(key: &VerifyingKey) -> usize {
    (key.degree as usize).saturating_sub(2).max(1)
}
