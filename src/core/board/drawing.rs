//! The stroke under the pen: how it grows, what the others and storage get of it, and what it becomes. A stroke that
//! gets too long for one goes on as another one from the same point, so that no ink is lost.

use super::{
    edit,
    stroke::{Sample, Stroke, StrokeError, Style, clamped},
    wet::WetPen,
};
use crate::{
    core::doc::{id::Id, table::Write},
    limits::{DRAFT_MS, Millis, STROKE_SAMPLES},
};

pub struct Drawing {
    id: Id,
    stroke: Stroke,
    bits: u8,
    wet: WetPen,
    /// When it is stored next, if it grew since the last time.
    draft_at: Millis,
    grew: bool,
}

/// What comes of more samples.
#[derive(Debug, Default)]
pub struct Grown {
    /// Messages for the others.
    pub ink: Vec<Vec<u8>>,
    /// What storage is to hold of the stroke by now.
    pub draft: Option<Write>,
    /// Strokes that are finished, for they are as long as one may be.
    pub finished: Vec<Write>,
}

impl Drawing {
    pub fn begin(
        id: Id,
        style: Style,
        z: u64,
        bits: u8,
        simulate_pressure: bool,
        first: Sample,
        now: Millis,
    ) -> Self {
        let first = clamped(first);
        Self {
            wet: WetPen::new(id.clone(), style, bits, simulate_pressure, first),
            id,
            bits,
            draft_at: now,
            grew: true,
            stroke: Stroke {
                style,
                z,
                simulate_pressure,
                samples: vec![first],
                carried: String::new(),
            },
        }
    }

    pub fn stroke(&self) -> &Stroke {
        &self.stroke
    }

    /// `pause`: between two messages to the others. `next_id` names another stroke.
    pub fn grow(
        &mut self,
        now: Millis,
        samples: &[Sample],
        pause: Millis,
        mut next_id: impl FnMut() -> Id,
    ) -> Grown {
        let mut grown = Grown::default();
        let mut rest = samples;
        while !rest.is_empty() {
            let room = STROKE_SAMPLES.saturating_sub(self.stroke.samples.len());
            if room == 0 {
                grown.finished.extend(self.go_on_as(next_id()));
                continue;
            }
            let (these, after) = rest.split_at(room.min(rest.len()));
            let these: Vec<_> = these.iter().copied().map(clamped).collect();
            self.stroke.samples.extend_from_slice(&these);
            grown.ink.extend(self.wet.grew(now, &these, pause));
            rest = after;
        }
        self.grew = true;
        grown.draft = self.draft(now);
        grown
    }

    /// The stroke so far is finished; another one begins where it ends.
    fn go_on_as(&mut self, id: Id) -> Option<Write> {
        let finished = self.write().ok();
        let last = self.stroke.samples.last().copied()?;
        self.stroke.z = self.stroke.z.saturating_add(1);
        self.stroke.samples = vec![last];
        let simulate_pressure = self.stroke.simulate_pressure;
        self.wet = WetPen::new(
            id.clone(),
            self.stroke.style,
            self.bits,
            simulate_pressure,
            last,
        );
        self.id = id;
        finished
    }

    fn write(&self) -> Result<Write, StrokeError> {
        edit::put(&self.id, &self.stroke, self.bits)
    }

    /// What storage is to hold by now, if that is due: it is asked for when time passes, too, for a pen that rests has
    /// drawn all the same.
    pub fn draft(&mut self, now: Millis) -> Option<Write> {
        if !self.grew || now < self.draft_at {
            return None;
        }
        self.draft_at = now + DRAFT_MS;
        self.draft_now()
    }

    /// The same at once: the page may be about to go.
    pub fn draft_now(&mut self) -> Option<Write> {
        let grew = std::mem::replace(&mut self.grew, false);
        grew.then(|| self.write().ok())?
    }

    /// When [`Self::draft`] has something.
    pub fn wake_at(&self) -> Option<Millis> {
        self.grew.then_some(self.draft_at)
    }

    /// The stroke as the document gets it, above `z`: somebody else may have drawn over it meanwhile.
    pub fn finish(mut self, z: u64) -> Result<Write, StrokeError> {
        self.stroke.z = z;
        self.write()
    }

    /// The message that wipes it from the others' screens.
    pub fn cancelled(&self) -> Option<Vec<u8>> {
        self.wet.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use kurbo::Point;

    use super::{super::stroke::tests::STYLE, *};
    use crate::{
        core::doc::table::Value,
        limits::{BOARD_EXTENT, WET_MS},
    };

    fn sample(i: u32) -> Sample {
        Sample {
            at: Point::new(f64::from(i), f64::from(i % 5)),
            pressure: 0.5,
        }
    }

    fn drawing(now: Millis) -> Drawing {
        Drawing::begin(Id::parse("pen").unwrap(), STYLE, 1, 3, true, sample(0), now)
    }

    fn ids() -> impl FnMut() -> Id {
        let mut next = 0;
        move || {
            next += 1;
            Id::parse(&next.to_string()).unwrap()
        }
    }

    fn samples(write: &Write) -> Vec<Sample> {
        let Some(Value::Bytes(bytes)) = &write.value else {
            panic!("ink");
        };
        Stroke::from_bytes(bytes).unwrap().samples
    }

    #[test]
    fn a_pen_that_rests_is_stored_whole_without_another_move() {
        for moves in 1..40_u32 {
            let mut drawing = drawing(1_000);
            let (mut stored, mut now) = (0, 1_000);
            for n in 1..=moves {
                now = 1_000 + u64::from(n) * 16;
                let grown = drawing.grow(now, &[sample(n)], WET_MS, ids());
                stored = grown.draft.map_or(stored, |draft| samples(&draft).len());
            }
            // Then it is held still, and its timer rings.
            if let Some(at) = drawing.wake_at() {
                assert!(at <= now + DRAFT_MS);
                stored = drawing
                    .draft(at)
                    .map_or(stored, |draft| samples(&draft).len());
            }
            assert_eq!(stored, moves as usize + 1);
            assert_eq!(drawing.wake_at(), None, "nothing is stored twice");
        }
        let mut drawing = drawing(0);
        drawing.grow(0, &[sample(1)], WET_MS, ids());
        drawing.grow(10, &[sample(2)], WET_MS, ids());
        assert_eq!(
            drawing.draft_now().map(|draft| samples(&draft).len()),
            Some(3)
        );
    }

    #[test]
    fn a_stroke_of_any_length_keeps_all_its_ink_in_joined_pieces() {
        for at_once in [1, 7, 1_000, 60_000] {
            let all: Vec<_> = (1..=50_001).map(sample).collect();
            let (mut drawing, mut next) = (drawing(0), ids());
            let mut pieces = Vec::new();
            for (n, these) in all.chunks(at_once).enumerate() {
                let grown = drawing.grow(n as u64, these, WET_MS, &mut next);
                pieces.extend(grown.finished.iter().map(samples));
                assert!(drawing.stroke().samples.len() <= STROKE_SAMPLES);
            }
            pieces.push(samples(&drawing.finish(9).unwrap()));
            assert!(pieces.len() >= 3);
            for pair in pieces.windows(2) {
                assert_eq!(pair[0].last(), pair[1].first(), "no gap");
            }
            let joined: Vec<_> = (pieces.iter().enumerate())
                .flat_map(|(n, piece)| piece.iter().skip(usize::from(n > 0)))
                .map(|sample| sample.at)
                .collect();
            let drawn: Vec<_> = (0..=50_001).map(|i| sample(i).at).collect();
            assert!(joined == drawn, "at once {at_once}");
        }
    }

    #[test]
    fn ink_beyond_the_end_of_the_board_stays_at_its_edge() {
        let mut drawing = drawing(0);
        let far = |x: f64| Sample {
            at: Point::new(x, 0.0),
            pressure: 0.5,
        };
        drawing.grow(
            0,
            &[far(1e12), far(f64::NAN), far(-1e300), far(f64::INFINITY)],
            WET_MS,
            ids(),
        );
        let kept = samples(&drawing.finish(1).unwrap());
        assert!(
            kept.iter().all(|sample| sample.at.x.abs() <= BOARD_EXTENT),
            "{kept:?}"
        );
        assert!(kept.len() >= 3);
    }
}
