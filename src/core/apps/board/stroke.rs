//! A freehand stroke, and its bytes in the document: samples as small differences, so that a three-second stroke is
//! about a kilobyte.

use kurbo::{Point, Rect};
use serde::{Deserialize, Serialize};

use crate::limits::{BOARD_EXTENT, CARRIED_BYTES, STROKE_SAMPLES};

/// Where a pen was, in board units, and how hard it was pressed (0 to 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub at: Point,
    pub pressure: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// sRGB.
    pub color: [u8; 3],
    /// Percent.
    pub opacity: u8,
    /// Excalidraw's `strokeWidth`, in board units; the painted line is [`super::paint::WIDTH_FACTOR`] as wide.
    pub width: f32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    pub style: Style,
    /// Strokes are painted in this order, then by id.
    pub z: u64,
    /// The pointer told no pressure; the width follows its speed.
    pub simulate_pressure: bool,
    /// At least one.
    pub samples: Vec<Sample>,
    /// What a file said of it that is not shown here, as a JSON object, so that it can be given back; mostly empty.
    pub carried: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrokeError {
    /// These bytes are no stroke.
    Bytes,
    /// This stroke was made by a newer version of Duplex.
    Version,
    /// A stroke has 1 to [`STROKE_SAMPLES`] points.
    Samples,
    /// A stroke's points or style are out of range.
    Range,
}

const VERSION: u8 = 1;
/// Finest grid: 1/1024 of a board unit.
const BITS_MAX: u8 = 10;
pub const WIDTH_MAX: f32 = 200.0;

#[derive(Serialize, Deserialize)]
struct Bytes {
    version: u8,
    z: u64,
    style: Style,
    track: Track,
}
// Behind it stands what a file's element carried, if it carried anything; older versions do not read so far.

/// Samples on a grid, each as its difference to the one before. Also what wet ink is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// The grid's step is 2^-bits board units.
    bits: u8,
    first: (i64, i64),
    steps: Vec<(i32, i32)>,
    /// One byte a sample, or none at all where pressure is simulated.
    pressures: Vec<u8>,
}

/// The grid that is an eighth of a screen pixel or finer at `zoom`.
pub fn grid_bits(zoom: f64) -> u8 {
    let bits = 3.0 + zoom.max(0.1).log2().ceil();
    bits.clamp(0.0, f64::from(BITS_MAX)) as u8
}

impl Track {
    /// Puts samples on the grid; those that fall on the one before are left out. Callers check the range.
    pub fn of(samples: &[Sample], bits: u8, simulate_pressure: bool) -> Self {
        let grid = f64::from(1_u32 << bits.min(BITS_MAX));
        let mut track = Self {
            bits: bits.min(BITS_MAX),
            first: (0, 0),
            steps: Vec::with_capacity(samples.len()),
            pressures: Vec::new(),
        };
        let mut last = None;
        for sample in samples {
            let at = (
                (sample.at.x * grid).round() as i64,
                (sample.at.y * grid).round() as i64,
            );
            match last {
                None => track.first = at,
                Some(last) if last == at => continue,
                Some((x, y)) => {
                    let clamp = |d: i64| d.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
                    track.steps.push((clamp(at.0 - x), clamp(at.1 - y)));
                }
            }
            last = Some(at);
            if !simulate_pressure {
                track
                    .pressures
                    .push((sample.pressure.clamp(0.0, 1.0) * 255.0).round() as u8);
            }
        }
        track
    }

    /// The samples, checked: their number, range, and that pressures are all or none.
    pub fn samples(&self) -> Result<Vec<Sample>, StrokeError> {
        let count = self.steps.len() + 1;
        if count > STROKE_SAMPLES {
            return Err(StrokeError::Samples);
        }
        if self.bits > BITS_MAX || !(self.pressures.is_empty() || self.pressures.len() == count) {
            return Err(StrokeError::Range);
        }
        let grid = f64::from(1_u32 << self.bits);
        let mut at = self.first;
        let steps = std::iter::once((0, 0)).chain(self.steps.iter().copied());
        let mut pressures = self.pressures.iter();
        let mut samples = Vec::with_capacity(count);
        for (dx, dy) in steps {
            at = (
                at.0.saturating_add(i64::from(dx)),
                at.1.saturating_add(i64::from(dy)),
            );
            let point = Point::new(at.0 as f64 / grid, at.1 as f64 / grid);
            if !in_range(point) {
                return Err(StrokeError::Range);
            }
            let pressure = pressures.next();
            samples.push(Sample {
                at: point,
                pressure: pressure.map_or(0.5, |&byte| f64::from(byte) / 255.0),
            });
        }
        Ok(samples)
    }

    pub fn simulates_pressure(&self) -> bool {
        self.pressures.is_empty()
    }
}

impl Style {
    pub fn check(&self) -> Result<(), StrokeError> {
        let good = self.opacity <= 100 && Self::is_width(self.width);
        good.then_some(()).ok_or(StrokeError::Range)
    }

    pub fn is_width(width: f32) -> bool {
        width > 0.0 && width <= WIDTH_MAX
    }
}

impl Stroke {
    /// The document's bytes. `bits` as [`grid_bits`] gives them.
    pub fn to_bytes(&self, bits: u8) -> Result<Vec<u8>, StrokeError> {
        self.style.check()?;
        if self.samples.is_empty() || self.samples.len() > STROKE_SAMPLES {
            return Err(StrokeError::Samples);
        }
        if !self.samples.iter().all(|sample| in_range(sample.at)) {
            return Err(StrokeError::Range);
        }
        let bytes = Bytes {
            version: VERSION,
            z: self.z,
            style: self.style,
            track: Track::of(&self.samples, bits, self.simulate_pressure),
        };
        let mut bytes = postcard::to_allocvec(&bytes).map_err(|_| StrokeError::Bytes)?;
        if self.carried.len() <= CARRIED_BYTES {
            bytes.extend_from_slice(self.carried.as_bytes());
        }
        Ok(bytes)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StrokeError> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(_) => return Err(StrokeError::Version),
            None => return Err(StrokeError::Bytes),
        }
        let read = postcard::take_from_bytes(bytes).map_err(|_| StrokeError::Bytes)?;
        let (
            Bytes {
                z, style, track, ..
            },
            carried,
        ) = read;
        style.check()?;
        let carried = std::str::from_utf8(carried).unwrap_or_default();
        Ok(Self {
            carried: carried.to_owned(),
            style,
            z,
            simulate_pressure: track.simulates_pressure(),
            samples: track.samples()?,
        })
    }

    /// The box of the samples, without the line's width.
    pub fn bounds(&self) -> Rect {
        let mut points = self.samples.iter().map(|sample| sample.at);
        let first = points.next().unwrap_or_default();
        points.fold(Rect::from_points(first, first), |all, at| all.union_pt(at))
    }
}

/// The nearest place that the board has; a number that is none is its middle.
pub fn clamped(sample: Sample) -> Sample {
    let clamp = |v: f64| match v.is_nan() {
        true => 0.0,
        false => v.clamp(-BOARD_EXTENT, BOARD_EXTENT),
    };
    Sample {
        at: Point::new(clamp(sample.at.x), clamp(sample.at.y)),
        ..sample
    }
}

/// A finite point near enough to the origin.
pub fn in_range(at: Point) -> bool {
    at.x.abs() <= BOARD_EXTENT && at.y.abs() <= BOARD_EXTENT
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    pub const STYLE: Style = Style {
        color: [30, 30, 30],
        opacity: 100,
        width: 2.0,
    };

    /// The bytes of a straight line to the right.
    pub fn line(z: u64, from: Point, length: f64) -> std::sync::Arc<[u8]> {
        let sample = |dx| Sample {
            at: Point::new(from.x + dx, from.y),
            pressure: 0.5,
        };
        let stroke = Stroke {
            carried: String::new(),
            style: STYLE,
            z,
            simulate_pressure: true,
            samples: vec![sample(0.0), sample(length)],
        };
        stroke.to_bytes(3).unwrap().into()
    }

    fn stroke() -> impl Strategy<Value = Stroke> {
        let coordinate = -100_000.0..100_000.0_f64;
        let samples =
            proptest::collection::vec((coordinate.clone(), coordinate, 0.0..=1.0_f64), 1..200);
        let carried = "[ -~é]{0,40}";
        (samples, any::<u64>(), any::<bool>(), carried).prop_map(
            |(samples, z, simulate_pressure, carried)| Stroke {
                carried,
                style: STYLE,
                z,
                simulate_pressure,
                samples: samples
                    .into_iter()
                    .map(|(x, y, pressure)| Sample {
                        at: Point::new(x, y),
                        pressure,
                    })
                    .collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn a_stroke_comes_back_within_half_a_grid_step(stroke in stroke(), zoom in 0.1..30.0_f64) {
            let bits = grid_bits(zoom);
            let back = Stroke::from_bytes(&stroke.to_bytes(bits).unwrap()).unwrap();
            prop_assert_eq!(&back.carried, &stroke.carried);
            prop_assert_eq!(back.simulate_pressure, stroke.simulate_pressure);
            prop_assert_eq!(back.samples.len(), stroke.samples.len());
            let step = 1.0 / f64::from(1_u32 << bits);
            prop_assert!(step * zoom <= 0.125 || bits == 10);
            for (b, a) in back.samples.iter().zip(&stroke.samples) {
                prop_assert!((b.at.x - a.at.x).abs() <= step / 2.0 + 1e-9);
                prop_assert!((b.at.y - a.at.y).abs() <= step / 2.0 + 1e-9);
            }
            // Bytes are stable: what was read writes the same again.
            prop_assert_eq!(back.to_bytes(bits).unwrap(), stroke.to_bytes(bits).unwrap());
        }

        #[test]
        fn any_bytes_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Stroke::from_bytes(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            let _ = Stroke::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_three_second_stroke_is_small() {
        let samples = (0..180)
            .map(|i| Sample {
                at: Point::new(f64::from(i) * 3.3, (f64::from(i) / 9.0).sin() * 80.0),
                pressure: 0.5,
            })
            .collect();
        let stroke = Stroke {
            carried: String::new(),
            style: STYLE,
            z: 1,
            simulate_pressure: false,
            samples,
        };
        let bytes = stroke.to_bytes(grid_bits(1.0)).unwrap().len();
        assert!(bytes < 700, "{bytes} bytes");
    }

    #[test]
    fn wild_strokes_are_refused() {
        let sample = |x| Sample {
            at: Point::new(x, 0.0),
            pressure: 0.5,
        };
        let stroke = |samples, width| Stroke {
            carried: String::new(),
            style: Style { width, ..STYLE },
            z: 0,
            simulate_pressure: true,
            samples,
        };
        assert_eq!(stroke(vec![], 1.0).to_bytes(3), Err(StrokeError::Samples));
        assert_eq!(
            stroke(vec![sample(f64::NAN)], 1.0).to_bytes(3),
            Err(StrokeError::Range)
        );
        assert_eq!(
            stroke(vec![sample(1e12)], 1.0).to_bytes(3),
            Err(StrokeError::Range)
        );
        assert_eq!(
            stroke(vec![sample(0.0)], f32::NAN).to_bytes(3),
            Err(StrokeError::Range)
        );
        assert_eq!(Stroke::from_bytes(&[9, 9]), Err(StrokeError::Version));
        assert_eq!(Stroke::from_bytes(&[]), Err(StrokeError::Bytes));
    }
}
