use provenn_verifier::{text::unhex, verify, Expectation, ModelCard, SrsVerifyingKey};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let [_, receipt, card, srs, model_id, nonce] = &env::args().collect::<Vec<_>>()[..] else {
        return Err("arguments: RECEIPT CARD SRS MODEL-ID NONCE".into());
    };
    let srs = SrsVerifyingKey::from_bytes(&fs::read(srs)?)?;
    let card = ModelCard::from_bytes(&fs::read(card)?)?.check(&srs)?;
    let schema = card.schema()?;
    let (model_id, nonce) = (unhex(model_id)?, unhex(nonce)?);
    let expectation = Expectation::new(model_id, schema.policy("label")?, "bank.example", nonce);
    let verdict = verify(&fs::read(receipt)?, &card, &srs, &expectation)?;
    println!("the model gave {}", schema.values(&verdict)?.words);
    Ok(())
}
