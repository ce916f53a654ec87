//! Schemas, and what verdicts say in the units of the model, as JSON.

use crate::json::{list, text, Object};
use provenn_verifier::{Quantization, Schema, Value, Values};

/// What a verdict says: the answer in `words`, the `target` of its policy, the numbers of public `inputs`, and the answer by its `form`.
pub(crate) fn values(values: &Values) -> String {
    let inputs = values.inputs.iter().map(|input| input.as_ref().map_or_else(null, list));
    let object = Object::new()
        .text("words", &values.words)
        .text("target", &values.target.to_string())
        .raw("inputs", list(inputs))
        .text("form", values.answer.form().name());
    match &values.answer {
        Value::Scores(scores) => object.raw("scores", list(scores)),
        Value::Outputs(outputs) => object.raw("outputs", list(outputs.iter().map(list))),
        Value::Label { label, class } => object.raw("label", label).raw("class", optional(class.as_deref())),
        Value::Labels(labels) => object.raw("labels", list(labels)),
        Value::Bit(bit) => object.raw("bit", bit),
        Value::Yes => object,
        Value::Count(count) => object.raw("count", count),
        Value::Counts(counts) => object.raw("counts", list(counts)),
        Value::Gap(gap) => object.raw("gap", gap),
    }
    .end()
}

/// What a card says of its inputs and outputs.
pub(crate) fn schema(schema: &Schema) -> String {
    let inputs = schema.inputs.iter().map(|input| {
        let tensor = tensor(&input.name, &input.shape, &input.quantization, input.unit.as_deref());
        tensor.raw("public", input.public).end()
    });
    let outputs = schema.outputs.iter().map(|output| {
        let tensor = tensor(
            &output.name,
            &output.shape,
            &output.quantization,
            output.unit.as_deref(),
        );
        tensor
            .raw("classes", list(output.classes.iter().map(|class| text(class))))
            .end()
    });
    Object::new()
        .text("name", &schema.name)
        .raw("inputs", list(inputs))
        .raw("outputs", list(outputs))
        .end()
}

fn tensor(name: &str, shape: &[u32], quantization: &Quantization, unit: Option<&str>) -> Object {
    Object::new()
        .text("name", name)
        .raw("shape", list(shape))
        .raw("frac", quantization.frac)
        .raw("lifts", list(&quantization.lifts))
        .raw("unit", optional(unit))
}

fn optional(value: Option<&str>) -> String {
    value.map_or_else(null, text)
}

fn null() -> String {
    "null".to_owned()
}
