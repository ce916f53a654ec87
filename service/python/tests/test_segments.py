"""Receipts of models in segments are read, verified, bundled and refused as those of any model."""

from pathlib import Path

import pytest

import provenn


@pytest.fixture(scope="module")
def card(fixtures: Path) -> provenn.Card:
    return provenn.Card.load(fixtures / "chains/digits_mlp.card", srs=fixtures / "chains/digits_mlp.srs")


@pytest.fixture(scope="module")
def receipt(fixtures: Path, card: provenn.Card) -> provenn.Receipt:
    return provenn.Receipt.load(fixtures / "chains/digits_mlp.receipt", card)


def test_a_receipt_holds_for_its_model(card: provenn.Card, receipt: provenn.Receipt) -> None:
    verdict = provenn.verify(receipt, card, policy="label", audience="bank.example", nonce="a5" * 32)
    assert not verdict.dev and verdict.output == receipt.output
    assert verdict.model_id == card.model_id == receipt.claim.model_id
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(receipt, card, audience="somebody else")
    assert refused.value.code == "context-mismatch"
    changed = bytearray(receipt.data)
    changed[-1] ^= 1
    for data in (bytes(changed), receipt.data[:-1]):
        with pytest.raises(provenn.ProvennError):
            provenn.verify(data, card)


def test_a_card_says_how_many_segments(card: provenn.Card, fixtures: Path, tmp_path: Path) -> None:
    assert card.segments == 3 and "in each of 3 segments" in card._repr_html_()
    card.save(tmp_path)
    assert provenn.Card.load(tmp_path / "chain.card") == card
    kit = fixtures / "testkit/v2"
    assert provenn.Card.load(kit / "digits_cnn.card", srs=kit / "digits_cnn.srs").segments is None


def test_what_binds_a_receipt(card: provenn.Card, receipt: provenn.Receipt) -> None:
    explained = provenn.explain(receipt, card)
    assert explained.output == receipt.output
    segments = next(value for name, value, _ in explained.fields if name == "segments")
    assert segments.startswith("3, with ")


def test_a_bundle_is_all_that_a_verdict_needs(card: provenn.Card, receipt: provenn.Receipt) -> None:
    bundle = provenn.bundle(receipt, card)
    verdict = provenn.verify(bundle, model_id=card.model_id, policy="label")
    assert verdict.output == receipt.output
    with pytest.raises(provenn.ProvennError) as refused:
        provenn.verify(bundle, model_id="00" * 32)
    assert refused.value.code == "model-mismatch"


def test_a_chain_of_stages_is_one_model(fixtures: Path) -> None:
    files = [fixtures / f"chains/pipeline_stages.{end}" for end in ("card", "srs", "receipt")]
    card = provenn.Card.load(files[0], srs=files[1])
    assert card.segments == 3 and str(card.fidelity).startswith("not measured")
    receipt = provenn.Receipt.load(files[2], card)
    assert provenn.verify(receipt, card, policy="label").output == 1
    assert provenn.verify(provenn.bundle(receipt, card), model_id=card.model_id).output == 1
