//! `.excalidraw` (version 2), freehand elements. Points are relative to the element's origin, rotation is about the
//! centre of its box, in radians; `pressures` is as long as `points`, or empty with `simulatePressure`.

use std::f64::consts::TAU;

use kurbo::{Affine, Point};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::stroke::{Sample, Stroke, Style, WIDTH_MAX, in_range};
use crate::{
    core::doc::schema::Id,
    limits::{IMPORT_ELEMENTS, STROKE_SAMPLES},
};

/// The document that holds these strokes, in painting order.
pub fn export<'a>(strokes: impl Iterator<Item = (&'a Id, Stroke)>) -> Value {
    let elements: Vec<Value> = strokes.map(|(id, stroke)| element(id, &stroke)).collect();
    json!({
        "type": "excalidraw",
        "version": 2,
        "source": "duplex",
        "elements": elements,
        "appState": { "viewBackgroundColor": "#ffffff", "gridSize": null },
        "files": {},
    })
}

fn element(id: &Id, stroke: &Stroke) -> Value {
    let Style {
        color: [r, g, b],
        opacity,
        width,
    } = stroke.style;
    let origin = stroke
        .samples
        .first()
        .map_or(Point::ORIGIN, |sample| sample.at);
    let bounds = stroke.bounds();
    let mut points: Vec<(f64, f64)> = stroke
        .samples
        .iter()
        .map(|sample| (sample.at - origin).into())
        .collect();
    let mut pressures: Vec<f64> = match stroke.simulate_pressure {
        true => Vec::new(),
        false => stroke
            .samples
            .iter()
            .map(|s| thousandths(s.pressure))
            .collect(),
    };
    // A single point counts as invisible there and would be dropped; Excalidraw itself writes a dot as two.
    if points.len() == 1 {
        points.push((DOT, DOT));
        pressures.extend_from_within(..);
    }
    // Numbers that only have to be stable, so that two people's exports are equal.
    let seed = id.as_str().bytes().fold(0_u32, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    }) >> 1;
    json!({
        "id": id.as_str(),
        "type": "freedraw",
        "x": origin.x,
        "y": origin.y,
        "width": bounds.width(),
        "height": bounds.height(),
        "angle": 0,
        "strokeColor": format!("#{r:02x}{g:02x}{b:02x}"),
        "backgroundColor": "transparent",
        "fillStyle": "solid",
        "strokeWidth": width,
        "strokeStyle": "solid",
        "roughness": 1,
        "opacity": opacity,
        "groupIds": [],
        "frameId": null,
        "roundness": null,
        "seed": seed,
        "version": 1,
        "versionNonce": seed,
        "isDeleted": false,
        "boundElements": null,
        "updated": 1,
        "link": null,
        "locked": false,
        "points": points,
        "pressures": pressures,
        "simulatePressure": stroke.simulate_pressure,
        "lastCommittedPoint": null,
    })
}

/// The length of a dot's second point, smaller than any grid of ours.
const DOT: f64 = 0.0001;

fn thousandths(pressure: f64) -> f64 {
    (pressure * 1_000.0).round() / 1_000.0
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("This is no JSON.")]
    Json,
    #[error("This is no Excalidraw drawing: its \"type\" is not \"excalidraw\".")]
    NotExcalidraw,
    #[error("This drawing has no list of elements.")]
    NoElements,
    #[error("This drawing has more than {IMPORT_ELEMENTS} elements.")]
    TooMany,
}

/// An element that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub index: usize,
    pub why: String,
}

/// What a file brought. `z` of the strokes counts from 0 in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    pub strokes: Vec<(Option<Id>, Stroke)>,
    pub skipped: Vec<Skipped>,
}

pub fn import_text(text: &str) -> Result<Imported, ImportError> {
    import(&serde_json::from_str(text).map_err(|_| ImportError::Json)?)
}

pub fn import(document: &Value) -> Result<Imported, ImportError> {
    if document.get("type").and_then(Value::as_str) != Some("excalidraw") {
        return Err(ImportError::NotExcalidraw);
    }
    let elements = document
        .get("elements")
        .and_then(Value::as_array)
        .ok_or(ImportError::NoElements)?;
    if elements.len() > IMPORT_ELEMENTS {
        return Err(ImportError::TooMany);
    }
    let mut imported = Imported::default();
    for (index, element) in elements.iter().enumerate() {
        match stroke(element, imported.strokes.len() as u64) {
            Ok(stroke) => imported.strokes.push(stroke),
            Err(why) => imported.skipped.push(Skipped { index, why }),
        }
    }
    Ok(imported)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Freedraw {
    id: Option<String>,
    x: f64,
    y: f64,
    #[serde(default)]
    angle: f64,
    stroke_color: Option<String>,
    stroke_width: Option<f32>,
    opacity: Option<f64>,
    points: Vec<(f64, f64)>,
    #[serde(default)]
    pressures: Vec<f64>,
}

fn stroke(element: &Value, z: u64) -> Result<(Option<Id>, Stroke), String> {
    let kind = element
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("thing without a type");
    if kind != "freedraw" {
        return Err(format!(
            "Only freehand strokes can be opened yet; this is a {kind}."
        ));
    }
    if element.get("isDeleted").and_then(Value::as_bool) == Some(true) {
        return Err("It is marked as deleted.".to_owned());
    }
    let freedraw: Freedraw = serde_json::from_value(element.clone())
        .map_err(|error| format!("It does not read: {error}."))?;
    if !(1..=STROKE_SAMPLES).contains(&freedraw.points.len()) {
        return Err(format!("A stroke has 1 to {STROKE_SAMPLES} points."));
    }
    let samples = samples(&freedraw);
    if !samples.iter().all(|sample| in_range(sample.at)) {
        return Err("A point is too far out.".to_owned());
    }
    let stroke = Stroke {
        style: Style {
            color: color(freedraw.stroke_color.as_deref().unwrap_or("#1e1e1e"))?,
            opacity: freedraw.opacity.unwrap_or(100.0).clamp(0.0, 100.0).round() as u8,
            width: freedraw.stroke_width.unwrap_or(2.0),
        },
        z,
        simulate_pressure: freedraw.pressures.len() != freedraw.points.len(),
        samples,
    };
    if !(stroke.style.width > 0.0 && stroke.style.width <= WIDTH_MAX) {
        return Err(format!("Its strokeWidth is not between 0 and {WIDTH_MAX}."));
    }
    let id = freedraw.id.and_then(|id| Id::parse(&id).ok());
    Ok((id, stroke))
}

fn samples(freedraw: &Freedraw) -> Vec<Sample> {
    let mut points: Vec<Point> = freedraw
        .points
        .iter()
        .map(|&point| Point::from(point))
        .collect();
    if points.len() == 2
        && points
            .iter()
            .all(|point| point.to_vec2().hypot() <= 2.0 * DOT)
    {
        points.truncate(1);
    }
    let first = points.first().copied().unwrap_or_default();
    let bounds = points
        .iter()
        .fold(kurbo::Rect::from_points(first, first), |all, &at| {
            all.union_pt(at)
        });
    let turn = Affine::rotate_about(freedraw.angle % TAU, bounds.center());
    let place = Affine::translate((freedraw.x, freedraw.y)) * turn;
    let pressures = freedraw.pressures.iter().map(|p| p.clamp(0.0, 1.0));
    let pressures = pressures.chain(std::iter::repeat(0.5));
    points
        .into_iter()
        .zip(pressures)
        .map(|(at, pressure)| Sample {
            at: place * at,
            pressure,
        })
        .collect()
}

/// `#rgb`, `#rrggbb`, or `transparent`, which is no ink.
fn color(text: &str) -> Result<[u8; 3], String> {
    let wrong = || format!("Its colour \u{201c}{text}\u{201d} is not #rrggbb.");
    let digits = text.strip_prefix('#').ok_or_else(wrong)?;
    let number = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
    let [_, r, g, b] = number.to_be_bytes();
    match digits.len() {
        6 => Ok([r, g, b]),
        3 => Ok([
            (number >> 8) as u8 * 17,
            (number >> 4 & 15) as u8 * 17,
            (number & 15) as u8 * 17,
        ]),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::stroke::tests::STYLE, *};

    fn line(points: &[(f64, f64)], simulate_pressure: bool) -> Stroke {
        let sample = |(i, &(x, y)): (usize, &(f64, f64))| Sample {
            at: Point::new(x, y),
            pressure: if simulate_pressure {
                0.5
            } else {
                0.1 * i as f64
            },
        };
        Stroke {
            style: STYLE,
            z: 0,
            simulate_pressure,
            samples: points.iter().enumerate().map(sample).collect(),
        }
    }

    #[test]
    fn what_is_exported_imports_the_same() {
        let strokes = [
            line(&[(10.0, 10.0), (20.5, -3.25), (0.125, 9.0)], false),
            line(&[(7.0, 7.0)], true),
            line(&[(1.0, 2.0), (3.0, 4.0)], true),
        ];
        let ids: Vec<Id> = ["a", "b", "c"]
            .iter()
            .map(|id| Id::parse(id).unwrap())
            .collect();
        let document = export(ids.iter().zip(strokes.clone()));
        let imported = import(&document).unwrap();
        assert!(imported.skipped.is_empty());
        for (z, ((id, stroke), original)) in imported.strokes.iter().zip(&strokes).enumerate() {
            assert_eq!(id.as_ref(), ids.get(z));
            assert_eq!(
                *stroke,
                Stroke {
                    z: z as u64,
                    ..original.clone()
                }
            );
        }
    }

    #[test]
    fn rotation_is_about_the_centre() {
        let document = json!({ "type": "excalidraw", "elements": [{
            "type": "freedraw", "x": 100, "y": 50, "angle": std::f64::consts::PI,
            "points": [[0, 0], [10, 4]], "strokeColor": "#f0c", "strokeWidth": 1,
        }]});
        let (_, stroke) = &import(&document).unwrap().strokes[0];
        assert!((stroke.samples[0].at - Point::new(110.0, 54.0)).hypot() < 1e-9);
        assert_eq!(stroke.style.color, [0xff, 0x00, 0xcc]);
        assert!(stroke.simulate_pressure);
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let document = json!({ "type": "excalidraw", "elements": [
            { "type": "rectangle" },
            { "type": "freedraw", "x": 0, "y": 0, "points": [] },
            { "type": "freedraw", "x": 1e300, "y": 0, "points": [[0, 0]] },
            { "type": "freedraw", "x": 0, "y": 0, "points": [["a", 0]] },
            { "type": "freedraw", "x": 0, "y": 0, "points": [[0, 0]], "strokeColor": "red" },
            { "type": "freedraw", "x": 0, "y": 0, "points": [[0, 0]], "isDeleted": true },
            17,
        ]});
        let imported = import(&document).unwrap();
        assert!(imported.strokes.is_empty());
        assert_eq!(imported.skipped.len(), 7);
        assert_eq!(
            imported.skipped[0].why,
            "Only freehand strokes can be opened yet; this is a rectangle."
        );
    }

    #[test]
    fn other_files_are_refused_with_a_sentence() {
        assert_eq!(import_text("{").unwrap_err(), ImportError::Json);
        assert_eq!(import_text("[]").unwrap_err(), ImportError::NotExcalidraw);
        assert_eq!(
            import_text(r#"{"type":"excalidraw"}"#).unwrap_err(),
            ImportError::NoElements
        );
    }
}
