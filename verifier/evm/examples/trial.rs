#[path = "../tests/common/chain.rs"]
mod chain;
use provenn_verifier::*;
fn main() {
    for dir in std::env::args().skip(1) {
        let (card, srs, receipt) = if std::path::Path::new(&format!("{dir}/model.card")).exists() { (format!("{dir}/model.card"), format!("{dir}/srs.vk"), format!("{dir}.receipt")) } else {
            let srs = if dir.contains("breast") {"linear_30"} else if dir.contains("digits") {"digits_cnn"} else {dir.rsplit('/').next().unwrap()};
            (format!("{dir}.card"), format!("fixtures/testkit/v2/{srs}.srs"), format!("{dir}.receipt")) };
        let srs = SrsVerifyingKey::from_bytes(&std::fs::read(srs).unwrap()).unwrap();
        let card = ModelCard::from_bytes(&std::fs::read(card).unwrap()).unwrap().check(&srs).unwrap();
        let receipt = std::fs::read(receipt).unwrap();
        let verdict = verify(&receipt, &card, &srs, &Expectation { accept_dev: true, ..Default::default() });
        println!("{dir}: crate {:?}", verdict.map(|_| ()));
        let data = provenn_evm::KeyData::new(&card, &srs).unwrap();
        let call = provenn_evm::Calldata::new(&receipt, &card.key).unwrap();
        let mut chain = chain::Chain::new();
        let (verifier, code) = chain.deploy(&chain::artifact("Verifier", "bytecode"));
        let (key, _) = chain.deploy(&data.creation_code());
        let input = call.encode(key.into_array());
        let outcome = chain.call(verifier, &input, chain::GAS);
        println!("  code {} key {} calldata {} gas {} {} {:?}", code.len(), data.code.len(), input.len(), outcome.gas, outcome.code(), outcome.returned.as_ref().map(|b| b.len()).map_err(|e| String::from_utf8_lossy(e).to_string()));
    }
}
