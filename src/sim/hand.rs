//! What people of the simulation draw.

use crate::core::{
    board::stroke::{Sample, Stroke, Style},
    board::table::ink,
    doc::{
        id::Id,
        table::{Value, Write},
    },
};

const STYLE: Style = Style {
    color: [30, 30, 30],
    opacity: 100,
    width: 2.0,
};

/// A stroke somewhere, of some length.
pub fn draw(rng: &mut fastrand::Rng) -> Vec<Write> {
    let mut at = kurbo::Point::new(rng.f64() * 1_000.0, rng.f64() * 700.0);
    let samples = (0..rng.usize(1..60)).map(|_| {
        at += kurbo::Vec2::new(rng.f64() * 8.0 - 4.0, rng.f64() * 8.0 - 4.0);
        Sample { at, pressure: 0.5 }
    });
    let stroke = Stroke {
        carried: String::new(),
        style: STYLE,
        z: 1,
        simulate_pressure: true,
        samples: samples.collect(),
    };
    let bytes = stroke.to_bytes(3).unwrap_or_default();
    vec![Write {
        key: ink(Id::random(rng)),
        value: Some(Value::Bytes(bytes.into())),
    }]
}
