//! `.excalidraw` (version 2), freehand elements. Points are relative to the element's origin, rotation is about the
//! centre of its box, in radians; `pressures` is as long as `points`, or empty with `simulatePressure`.
//!
//! Reading is lenient: ink is kept, a detail that does not read is replaced and said. What an element says besides, as
//! the fill of a closed loop, is carried along and given back.

use std::f64::consts::TAU;

use kurbo::{Affine, Point, Rect, Vec2};
use serde_json::{Map, Value, json};

use super::super::stroke::{Sample, Stroke, Style, WIDTH_MAX, in_range};
use crate::{
    core::{
        doc::id::Id,
        json::{self, Remark},
        text,
    },
    limits::{CARRIED_BYTES, IMPORT_ELEMENTS, STROKE_SAMPLES},
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
    let mut element = json!({
        "id": id.as_str(),
        "type": "freedraw",
        "x": origin.x,
        "y": origin.y,
        "width": bounds.width(),
        "height": bounds.height(),
        "angle": 0,
        "strokeColor": format!("#{r:02x}{g:02x}{b:02x}"),
        "strokeWidth": width,
        "opacity": opacity,
        "seed": seed,
        "version": 1,
        "versionNonce": seed,
        "isDeleted": false,
        "updated": 1,
        "points": points,
        "pressures": pressures,
        "simulatePressure": stroke.simulate_pressure,
        "lastCommittedPoint": null,
    });
    if let Value::Object(fields) = &mut element {
        fields.extend(unshown());
        if let Some(Value::Object(carried)) = json::parse(&stroke.carried) {
            let ours = |name: &str| OURS.contains(&name);
            fields.extend(carried.into_iter().filter(|(name, _)| !ours(name)));
        }
    }
    element
}

/// Fields of an element that say what is shown here, or nothing worth keeping.
const OURS: [&str; 20] = [
    "id",
    "type",
    "x",
    "y",
    "width",
    "height",
    "angle",
    "strokeColor",
    "strokeWidth",
    "opacity",
    "seed",
    "version",
    "versionNonce",
    "isDeleted",
    "updated",
    "points",
    "pressures",
    "simulatePressure",
    "lastCommittedPoint",
    "index",
];

/// The others, as they are in an element of which nothing else is said.
fn unshown() -> Map<String, Value> {
    let plain = json!({
        "backgroundColor": "transparent",
        "fillStyle": "solid",
        "strokeStyle": "solid",
        "roughness": 1,
        "groupIds": [],
        "frameId": null,
        "roundness": null,
        "boundElements": null,
        "link": null,
        "locked": false,
    });
    match plain {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The length of a dot's second point, smaller than any grid of ours.
const DOT: f64 = 0.0001;

fn thousandths(pressure: f64) -> f64 {
    (pressure * 1_000.0).round() / 1_000.0
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// This file is empty.
    Empty,
    /// This is no JSON.
    Json,
    /// This is no Excalidraw drawing: its "type" is not "excalidraw".
    NotExcalidraw,
    /// This drawing has no list of elements.
    NoElements,
    /// This drawing has more than [`IMPORT_ELEMENTS`] elements.
    TooMany,
}

/// What a file brought. `z` of the strokes counts from 0 in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    pub strokes: Vec<Import>,
    /// Taken, but not as they were.
    pub changed: Vec<Remark>,
    /// Left out.
    pub skipped: Vec<Remark>,
}

/// One stroke of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Of the element that it is, or is a piece of.
    pub index: usize,
    pub id: Id,
    pub stroke: Stroke,
}

pub fn import_text(text: &str) -> Result<Imported, ImportError> {
    if text::is_visible(text) {
        import(&json::parse(text).ok_or(ImportError::Json)?)
    } else {
        Err(ImportError::Empty)
    }
}

pub fn import(document: &Value) -> Result<Imported, ImportError> {
    let elements = elements(document)?;
    if elements.len() > IMPORT_ELEMENTS {
        return Err(ImportError::TooMany);
    }
    let mut imported = Imported::default();
    for (index, element) in elements.into_iter().enumerate() {
        let mut reader = Reader {
            element,
            changes: Vec::new(),
        };
        match reader.stroke() {
            Ok((id, stroke)) => {
                imported.take(index, &id, stroke, &mut reader.changes);
                let remarks = reader.changes.into_iter().map(|why| Remark { index, why });
                imported.changed.extend(remarks);
            }
            Err(why) => imported.skipped.push(Remark { index, why }),
        }
    }
    Ok(imported)
}

/// The elements of a drawing, of what was copied out of one, of a library, or of a bare list of them.
fn elements(document: &Value) -> Result<Vec<&Value>, ImportError> {
    let lists: Vec<&Value> = match document.get("type").and_then(Value::as_str) {
        Some("excalidrawlib") => {
            let items = ["libraryItems", "library"].map(|name| document.get(name));
            let items = items.into_iter().flatten().filter_map(Value::as_array);
            // In the first version an item is the list itself.
            items
                .flatten()
                .map(|item| item.get("elements").unwrap_or(item))
                .collect()
        }
        Some("excalidraw" | "excalidraw/clipboard") => {
            vec![document.get("elements").ok_or(ImportError::NoElements)?]
        }
        None if document.is_array() => vec![document],
        None => vec![document.get("elements").ok_or(ImportError::NotExcalidraw)?],
        Some(_) => return Err(ImportError::NotExcalidraw),
    };
    let mut elements = Vec::new();
    for list in lists {
        elements.extend(list.as_array().ok_or(ImportError::NoElements)?);
    }
    let is_element = |value: &&Value| value.get("type").is_some();
    match document.get("type").is_some() || elements.iter().any(is_element) {
        true => Ok(elements),
        false => Err(ImportError::NotExcalidraw),
    }
}

impl Imported {
    /// One that is longer than a stroke may be becomes several that are joined.
    fn take(&mut self, index: usize, id: &Id, whole: Stroke, changes: &mut Vec<String>) {
        let samples = whole.samples.as_slice();
        let step = STROKE_SAMPLES - 1;
        let pieces = samples.len().saturating_sub(1).div_ceil(step).max(1);
        if pieces > 1 {
            changes.push(format!(
                "It has {} points, more than one stroke may have, and became {pieces} joined strokes.",
                samples.len()
            ));
        }
        for piece in 0..pieces {
            let from = piece * step;
            let until = (from + STROKE_SAMPLES).min(samples.len());
            let id = id.numbered(piece + 1);
            let stroke = Stroke {
                style: whole.style,
                z: self.strokes.len() as u64,
                simulate_pressure: whole.simulate_pressure,
                samples: samples.get(from..until).unwrap_or_default().to_vec(),
                carried: match piece {
                    0 => whole.carried.clone(),
                    _ => String::new(),
                },
            };
            self.strokes.push(Import { index, id, stroke });
        }
    }
}

/// Reads one element, and notes what had to be changed.
struct Reader<'a> {
    element: &'a Value,
    changes: Vec<String>,
}

impl<'a> Reader<'a> {
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.element.get(name)
    }

    fn stroke(&mut self) -> Result<(Id, Stroke), String> {
        match self.given("type").and_then(Value::as_str) {
            // Drawings of 2020 have the second.
            Some("freedraw" | "draw") => {}
            Some(kind) => {
                return Err(format!(
                    "Only freehand strokes can be opened yet; this is of the kind \u{201c}{}\u{201d}.",
                    text::cut(kind, 24)
                ));
            }
            None => return Err("This is no element: it has no type.".to_owned()),
        }
        if self.given("isDeleted").and_then(Value::as_bool) == Some(true) {
            return Err("It is marked as deleted.".to_owned());
        }
        let samples = self.samples()?;
        let simulates = self.given("simulatePressure") == Some(&Value::Bool(true));
        let has_pressures = samples.iter().any(|(_, pressure)| pressure.is_some());
        let (color, alpha) = self.color();
        let width = self.number_or("strokeWidth", "width", 2.0);
        let width = match width > 0.0 {
            true => width.clamp(f64::from(WIDTH_MIN), f64::from(WIDTH_MAX)),
            false => {
                self.changes
                    .push("Its width is none; it was replaced by 1.".to_owned());
                1.0
            }
        };
        let opacity = self
            .number_or("opacity", "opacity", 100.0)
            .clamp(0.0, 100.0);
        let stroke = Stroke {
            style: Style {
                color,
                opacity: (opacity * alpha).round().max(1.0) as u8,
                width: width as f32,
            },
            z: 0,
            simulate_pressure: simulates || !has_pressures,
            samples: samples
                .into_iter()
                .map(|(at, pressure)| Sample {
                    at,
                    pressure: pressure.unwrap_or(0.5),
                })
                .collect(),
            carried: self.carried(),
        };
        let id = match self.given("id") {
            Some(Value::String(id)) if !id.is_empty() => Id::of_foreign(id),
            Some(Value::Number(id)) => Id::of_foreign(&id.to_string()),
            _ => Id::of_contents(&self.element.to_string()),
        };
        Ok((id, stroke))
    }

    /// A number, or a text of one; otherwise `default`, which is said if anything else stands there.
    fn number_or(&mut self, name: &str, what: &str, default: f64) -> f64 {
        let given = self.given(name);
        let number = given.and_then(number);
        if number.is_none() && given.is_some() {
            self.changes.push(format!(
                "Its {what} is no number; it was replaced by {default}."
            ));
        }
        number.unwrap_or(default)
    }

    /// Where each sample is, turned into place, and its pressure.
    fn samples(&mut self) -> Result<Vec<(Point, Option<f64>)>, String> {
        let points = self.given("points").and_then(Value::as_array);
        let points = coordinates(points.ok_or("It has no points.")?);
        let given = points.len();
        let x = self.number_or("x", "place", 0.0);
        let y = self.number_or("y", "place", 0.0);
        let angle = self.number_or("angle", "angle", 0.0);
        let mut read: Vec<(usize, Point)> = points
            .into_iter()
            .enumerate()
            .filter_map(|(at, point)| Some((at, point?)))
            .collect();
        self.leave_out(given - read.len(), given, "none");
        if read.is_empty() {
            return Err("It has no points.".to_owned());
        }
        if let [(_, first), (_, second)] = read.as_slice()
            && (*second - *first).hypot() <= 2.0 * DOT
        {
            read.truncate(1);
        }
        // One that is far out must not become what the others turn about.
        let count = read.len();
        let shift = Vec2::new(x, y);
        read.retain(|(_, point)| in_range(*point + shift));
        let first = read.first().map_or(Point::ORIGIN, |(_, point)| *point);
        let box_of_first = Rect::from_points(first, first);
        let bounds = read
            .iter()
            .fold(box_of_first, |all, (_, point)| all.union_pt(*point));
        let place = Affine::translate(shift) * Affine::rotate_about(angle % TAU, bounds.center());
        let placed = read
            .into_iter()
            .map(|(at, point)| (at, place * point))
            .filter(|(_, point)| in_range(*point));
        let placed: Vec<_> = placed.collect();
        if placed.is_empty() {
            return Err("It is too far out.".to_owned());
        }
        self.leave_out(count - placed.len(), given, "too far out");
        let pressures = self.given("pressures").and_then(Value::as_array);
        let Some(pressures) = pressures.filter(|pressures| !pressures.is_empty()) else {
            return Ok(placed.into_iter().map(|(_, at)| (at, None)).collect());
        };
        let read = |at: usize| pressures.get(at).and_then(number);
        let missing = placed.iter().filter(|(at, _)| read(*at).is_none()).count();
        if missing > 0 {
            self.changes.push(format!(
                "{missing} of its pressures are no numbers; they were replaced by 0.5."
            ));
        }
        let pressure = |at: usize| Some(read(at).unwrap_or(0.5).clamp(0.0, 1.0));
        Ok(placed
            .into_iter()
            .map(|(at, point)| (point, pressure(at)))
            .collect())
    }

    fn leave_out(&mut self, lost: usize, given: usize, why: &str) {
        if lost > 0 {
            self.changes.push(format!(
                "{lost} of its {given} points are {why}, and were left out."
            ));
        }
    }

    /// Any colour of CSS, and how much of it covers, from 0 to 1.
    fn color(&mut self) -> ([u8; 3], f64) {
        const BLACK: [u8; 3] = [0x1e, 0x1e, 0x1e];
        let Some(given) = self.given("strokeColor") else {
            return (BLACK, 1.0);
        };
        let text = given.as_str().unwrap_or_default().trim();
        let why = match csscolorparser::parse(text) {
            Ok(color) if color.a > 0.0 => {
                let [r, g, b, _] = color.to_rgba8();
                return ([r, g, b], f64::from(color.a).min(1.0));
            }
            Ok(_) => "Its colour is transparent".to_owned(),
            Err(_) => format!("Its colour \u{201c}{}\u{201d} is none", text::cut(text, 24)),
        };
        self.changes
            .push(format!("{why}; it was replaced by black."));
        (BLACK, 1.0)
    }

    /// What is not shown here, as JSON; empty if nothing is said.
    fn carried(&mut self) -> String {
        let Some(fields) = self.element.as_object() else {
            return String::new();
        };
        let plain = unshown();
        let is_worth = |(name, value): &(&String, &Value)| {
            !OURS.contains(&name.as_str()) && plain.get(name.as_str()) != Some(value)
        };
        let carried: Map<_, _> = fields
            .iter()
            .filter(is_worth)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if carried.is_empty() {
            return String::new();
        }
        let text = Value::Object(carried).to_string();
        if text.len() <= CARRIED_BYTES {
            return text;
        }
        self.changes
            .push("It carries more beside its ink than can be kept; its fill was kept.".to_owned());
        let fill = ["backgroundColor", "fillStyle"]
            .into_iter()
            .filter_map(|name| {
                let value = fields.get(name)?.as_str()?;
                Some((name.to_owned(), Value::from(text::cut(value, 64))))
            });
        Value::Object(fill.collect()).to_string()
    }
}

/// The thinnest line that can be seen at the largest zoom.
const WIDTH_MIN: f32 = 0.01;

/// A number, or a text of one.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// `[x, y]`, whatever follows, or `{ x, y }`.
fn point(value: &Value) -> Option<Point> {
    let (x, y) = match value {
        Value::Array(coordinates) => (coordinates.first()?, coordinates.get(1)?),
        Value::Object(_) => (value.get("x")?, value.get("y")?),
        _ => return None,
    };
    Some(Point::new(number(x)?, number(y)?))
}

/// The points of a list: each by itself, or all their numbers in a row.
fn coordinates(list: &[Value]) -> Vec<Option<Point>> {
    let is_row = list.len() > 1 && list.iter().all(Value::is_number);
    match is_row {
        true => list
            .chunks(2)
            .map(|pair| point(&Value::Array(pair.to_vec())))
            .collect(),
        false => list.iter().map(point).collect(),
    }
}

#[cfg(test)]
mod tests;
