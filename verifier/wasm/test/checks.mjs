// The check that must fail, by vector of fixtures/testkit: judged by what the vector says is wrong, not by the code.

export const FAILING = {
  "srs-file": "srs_cut srs_extended srs_g2_curve srs_g2_field srs_g2_subgroup srs_generator srs_identity srs_k srs_kind srs_magic srs_no_tail srs_version",
  "card-file": "card_commitment card_commitment_count card_cut card_extended card_magic card_utf8 card_version key_blinding key_degree key_flag key_k key_layout key_magic key_phase key_version registration_key",
  "card-srs": "card_srs srs_other_k srs_relabelled srs_secret srs_tail",
  registration: "card_weight key_bits registration_bit registration_cut",
  parameters: "development_refused",
  "receipt-file": "link_announcement link_scalar receipt_audience receipt_audience_length receipt_claim_version receipt_cut receipt_empty receipt_extended receipt_magic receipt_policy_tag receipt_proof_system receipt_version receipt_width",
  srs: "claim_srs",
  "circuit-key": "claim_key",
  quantization: "card_quantization claim_quantization",
  model: "card_description claim_model",
  policy: "asked_exact_policy asked_policy",
  output: "asked_output",
  input: "asked_input asked_input_kind asked_other_commitment",
  audience: "asked_audience",
  nonce: "asked_nonce",
  expiry: "asked_expired",
  "policy-range": "claim_label_range claim_more_scores",
  "input-shape": "claim_input_kind claim_input_points claim_input_range claim_input_short",
  proof: "batch_bad claim_audience claim_expiry claim_input claim_input_swapped claim_label claim_nonce claim_policy claim_score proof_bit proof_cut proof_extended proof_identity proof_opening proof_point proof_scalar",
  link: "link_exchanged link_length link_response",
};
