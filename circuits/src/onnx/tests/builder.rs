//! A small builder of `ModelProto`s: input `x`, output `y`, one chain of nodes.

use super::super::{import, Graph, ImportError};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_shape_proto::Dimension;
use onnx_protobuf::{
    type_proto, AttributeProto, FunctionProto, GraphProto, Message as _, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};

#[derive(Clone)]
pub struct Model {
    pub graph: GraphProto,
    pub opset: i64,
    pub functions: Vec<FunctionProto>,
}

#[derive(Clone)]
pub enum A<'a> {
    I(i64),
    Is(&'a [i64]),
    F(f32),
    S(&'a str),
    T(TensorProto),
    Fs(&'a [f32]),
    Ss(&'a [&'a str]),
    G(GraphProto),
}

impl Model {
    /// `shape` entries below 1 are symbolic.
    pub fn new(opset: i64, shape: &[i64]) -> Self {
        let mut graph = GraphProto::new();
        graph.name = "test".into();
        graph.input.push(info("x", shape));
        graph.output.push(info("y", &[]));
        Self {
            graph,
            opset,
            functions: vec![],
        }
    }

    pub fn node(mut self, op: &str, inputs: &[&str], outputs: &[&str], attrs: &[(&str, A<'_>)]) -> Self {
        let mut node = NodeProto::new();
        node.op_type = op.into();
        node.input = inputs.iter().map(|s| (*s).into()).collect();
        node.output = outputs.iter().map(|s| (*s).into()).collect();
        node.attribute = attrs.iter().map(|(name, value)| attribute(name, value)).collect();
        self.graph.node.push(node);
        self
    }

    pub fn floats(mut self, name: &str, dims: &[i64], data: &[f32]) -> Self {
        let mut t = floats(dims, data);
        t.name = name.into();
        self.graph.initializer.push(t);
        self
    }

    pub fn ints(mut self, name: &str, data: &[i64]) -> Self {
        let mut t = ints(&[data.len() as i64], data);
        t.name = name.into();
        self.graph.initializer.push(t);
        self
    }

    /// The last node in another domain.
    pub fn of(mut self, domain: &str) -> Self {
        self.graph.node.last_mut().expect("a node").domain = domain.into();
        self
    }

    pub fn proto(&self) -> ModelProto {
        let mut model = ModelProto::new();
        model.ir_version = 8;
        let mut opset = OperatorSetIdProto::new();
        opset.version = self.opset;
        model.opset_import.push(opset);
        model.graph = Some(self.graph.clone()).into();
        model.functions.clone_from(&self.functions);
        model
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.proto().write_to_bytes().expect("encodable")
    }

    pub fn import(&self) -> Result<Graph, ImportError> {
        import(&self.bytes())
    }
}

/// A graph of the nodes of a model, for an attribute.
pub fn subgraph(model: &Model, inputs: &[&str], outputs: &[&str]) -> GraphProto {
    let infos = |names: &[&str]| names.iter().map(|name| info(name, &[])).collect();
    GraphProto {
        input: infos(inputs),
        output: infos(outputs),
        ..model.graph.clone()
    }
}

/// One node `op` from `x` (and the operands given as initializers) to `y`.
pub fn unary(opset: i64, shape: &[i64], op: &str, attrs: &[(&str, A<'_>)]) -> Model {
    Model::new(opset, shape).node(op, &["x"], &["y"], attrs)
}

pub fn floats(dims: &[i64], data: &[f32]) -> TensorProto {
    let mut t = TensorProto::new();
    t.dims = dims.to_vec();
    t.data_type = 1;
    t.float_data = data.to_vec();
    t
}

pub fn ints(dims: &[i64], data: &[i64]) -> TensorProto {
    let mut t = TensorProto::new();
    t.dims = dims.to_vec();
    t.data_type = 7;
    t.raw_data = data.iter().flat_map(|i| i.to_le_bytes()).collect();
    t
}

pub fn info(name: &str, shape: &[i64]) -> ValueInfoProto {
    let mut tensor = type_proto::Tensor::new();
    tensor.elem_type = 1;
    let mut dims = TensorShapeProto::new();
    for &d in shape {
        let mut dim = Dimension::new();
        if d > 0 {
            dim.set_dim_value(d);
        } else {
            dim.set_dim_param("N".into());
        }
        dims.dim.push(dim);
    }
    tensor.shape = Some(dims).into();
    let mut ty = TypeProto::new();
    ty.set_tensor_type(tensor);
    let mut info = ValueInfoProto::new();
    info.name = name.into();
    info.type_ = Some(ty).into();
    info
}

pub fn attribute(name: &str, value: &A<'_>) -> AttributeProto {
    let mut a = AttributeProto::new();
    a.name = name.into();
    a.type_ = match value {
        A::I(i) => {
            a.i = *i;
            AttributeType::INT
        }
        A::Is(ints) => {
            a.ints = ints.to_vec();
            AttributeType::INTS
        }
        A::F(f) => {
            a.f = *f;
            AttributeType::FLOAT
        }
        A::S(s) => {
            a.s = s.as_bytes().to_vec();
            AttributeType::STRING
        }
        A::Fs(floats) => {
            a.floats = floats.to_vec();
            AttributeType::FLOATS
        }
        A::Ss(strings) => {
            a.strings = strings.iter().map(|s| s.as_bytes().to_vec()).collect();
            AttributeType::STRINGS
        }
        A::G(graph) => {
            a.g = Some(graph.clone()).into();
            AttributeType::GRAPH
        }
        A::T(t) => {
            a.t = Some(t.clone()).into();
            AttributeType::TENSOR
        }
    }
    .into();
    a
}
