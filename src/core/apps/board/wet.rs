//! Wet ink: a stroke that is still being drawn. It goes out a few samples at a time, each message readable on its
//! own, is never stored, and dries when the stroke arrives in the document.

use kurbo::Point;
use serde::{Deserialize, Serialize};

use super::stroke::{Sample, Stroke, Style, Track};
use crate::{
    core::{doc::id::Id, peer::PeerId},
    limits::{Millis, STROKE_SAMPLES, WET_GONE_MS, WET_SAMPLES, WET_SHARE},
};

#[derive(Serialize, Deserialize)]
struct Chunk {
    id: Id,
    style: Style,
    /// The first sample repeats the last one of the chunk before.
    track: Track,
    /// Nothing comes of this stroke.
    cancelled: bool,
}

/// Where the pen is that a message comes from; none for one that does not read.
pub fn tip(message: &[u8]) -> Option<Point> {
    let chunk: Chunk = postcard::from_bytes(message).ok()?;
    chunk.style.check().ok()?;
    Some(chunk.track.samples().ok()?.last()?.at)
}

/// Our own stroke on its way to the others.
#[derive(Debug)]
pub struct WetPen {
    id: Id,
    style: Style,
    bits: u8,
    simulate_pressure: bool,
    /// The last sample sent, then all that were not.
    unsent: Vec<Sample>,
    next_at: Millis,
}

impl WetPen {
    pub fn new(id: Id, style: Style, bits: u8, simulate_pressure: bool, first: Sample) -> Self {
        Self {
            id,
            style,
            bits,
            simulate_pressure,
            unsent: vec![first],
            next_at: 0,
        }
    }

    /// Takes samples; gives a message, and after it none for a `pause`.
    pub fn grew(&mut self, now: Millis, samples: &[Sample], pause: Millis) -> Option<Vec<u8>> {
        self.unsent.extend_from_slice(samples);
        if now < self.next_at || self.unsent.len() < 2 {
            return None;
        }
        self.next_at = now + pause;
        let track = Track::of(&self.unsent, self.bits, self.simulate_pressure);
        self.unsent = self.unsent.pop().into_iter().collect();
        self.message(track, false)
    }

    /// The message that wipes this stroke from the others' screens.
    pub fn cancelled(&self) -> Option<Vec<u8>> {
        self.message(
            Track::of(&self.unsent, self.bits, self.simulate_pressure),
            true,
        )
    }

    fn message(&self, track: Track, cancelled: bool) -> Option<Vec<u8>> {
        let chunk = Chunk {
            id: self.id.clone(),
            style: self.style,
            track,
            cancelled,
        };
        postcard::to_allocvec(&chunk).ok()
    }
}

#[derive(Debug)]
struct WetStroke {
    id: Id,
    from: PeerId,
    stroke: Stroke,
    heard_at: Millis,
}

/// Everybody else's wet ink.
#[derive(Debug, Default)]
pub struct WetInk {
    strokes: Vec<WetStroke>,
}

impl WetInk {
    /// Takes a message; one that does not read is dropped.
    pub fn arrived(&mut self, now: Millis, from: PeerId, message: &[u8]) {
        let chunk = postcard::from_bytes::<Chunk>(message).ok();
        let Some(chunk) = chunk.filter(|chunk| chunk.style.check().is_ok()) else {
            return;
        };
        let Ok(samples) = chunk.track.samples() else {
            return;
        };
        // A peer has at most one wet stroke: a new one removes an old one whose end was lost. A message never changes
        // the strokes of other peers.
        self.strokes
            .retain(|wet| wet.from != from || (wet.id == chunk.id && !chunk.cancelled));
        if chunk.cancelled {
            return;
        }
        // All of it is painted anew with each frame.
        let wet: usize = self
            .strokes
            .iter()
            .map(|wet| wet.stroke.samples.len())
            .sum();
        let is_room = wet + samples.len() <= WET_SAMPLES;
        let is_this = |wet: &&mut WetStroke| wet.from == from && wet.id == chunk.id;
        let Some(wet) = self.strokes.iter_mut().find(is_this) else {
            if !is_room && samples.len() > WET_SHARE {
                return;
            }
            let stroke = Stroke {
                carried: String::new(),
                style: chunk.style,
                z: u64::MAX,
                simulate_pressure: chunk.track.simulates_pressure(),
                samples,
            };
            let (id, heard_at) = (chunk.id, now);
            self.strokes.push(WetStroke {
                id,
                from,
                stroke,
                heard_at,
            });
            return;
        };
        let has = wet.stroke.samples.len() + samples.len();
        if has <= STROKE_SAMPLES && (is_room || has <= WET_SHARE) {
            wet.stroke.samples.extend(samples);
            wet.heard_at = now;
        }
    }

    pub fn has(&self, id: &Id) -> bool {
        self.strokes.iter().any(|wet| wet.id == *id)
    }

    /// The document has these strokes now, or had them.
    pub fn dried(&mut self, is_dry: &dyn Fn(&Id) -> bool) {
        self.strokes.retain(|wet| !is_dry(&wet.id));
    }

    /// Wipes what was not continued for long; says whether anything went.
    pub fn forget_abandoned(&mut self, now: Millis) -> bool {
        let before = self.strokes.len();
        self.strokes
            .retain(|wet| now.saturating_sub(wet.heard_at) < WET_GONE_MS);
        self.strokes.len() != before
    }

    pub fn is_empty(&self) -> bool {
        self.strokes.is_empty()
    }

    pub fn strokes(&self) -> impl Iterator<Item = &Stroke> {
        self.strokes.iter().map(|wet| &wet.stroke)
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::WET_MS;

    use super::{super::stroke::tests::STYLE, *};

    fn sample(i: u32) -> Sample {
        Sample {
            at: Point::new(f64::from(i), f64::from(i % 7)),
            pressure: 0.5,
        }
    }

    fn pen() -> WetPen {
        WetPen::new(Id::parse("s").unwrap(), STYLE, 3, true, sample(0))
    }

    /// Many who send as much as each of them may.
    #[test]
    fn wet_ink_of_all_together_stays_within_what_a_frame_can_paint() {
        let mut ink = WetInk::default();
        let long: Vec<_> = (0..STROKE_SAMPLES as u32 - 1).map(sample).collect();
        for peer in 1..=100 {
            let mut pen = pen();
            let message = pen.grew(0, &long, WET_MS).unwrap();
            ink.arrived(0, PeerId::from_random(peer), &message);
        }
        let samples: usize = ink.strokes().map(|stroke| stroke.samples.len()).sum();
        assert!(samples <= WET_SAMPLES, "{samples}");
        // Who draws as people do is seen beside them.
        let message = pen().grew(0, &[sample(1)], WET_MS).unwrap();
        let before = ink.strokes().count();
        ink.arrived(0, PeerId::from_random(1_000), &message);
        assert_eq!(ink.strokes().count(), before + 1);
    }

    #[test]
    fn ink_arrives_while_it_is_drawn_and_dries() {
        let (mut pen, mut ink) = (pen(), WetInk::default());
        let mut messages = 0;
        for i in 1..=180 {
            let now = u64::from(i) * 17;
            if let Some(message) = pen.grew(now, &[sample(i)], WET_MS) {
                messages += 1;
                ink.arrived(now, PeerId::FIRST, &message);
            }
        }
        assert!(
            (28..=33).contains(&messages),
            "{messages} messages in three seconds"
        );
        let stroke = ink.strokes().next().unwrap();
        assert_eq!(stroke.samples.first(), Some(&sample(0)));
        assert!(stroke.samples.len() >= 175);
        ink.dried(&|id| id.as_str() == "s");
        assert!(ink.is_empty());
    }

    #[test]
    fn a_lost_message_costs_only_its_samples() {
        let (mut pen, mut ink) = (pen(), WetInk::default());
        let first = pen.grew(0, &[sample(1)], WET_MS).unwrap();
        pen.grew(100, &[sample(2)], WET_MS).unwrap();
        let third = pen.grew(200, &[sample(3)], WET_MS).unwrap();
        ink.arrived(0, PeerId::FIRST, &first);
        ink.arrived(0, PeerId::FIRST, &third);
        let xs: Vec<_> = ink
            .strokes()
            .next()
            .unwrap()
            .samples
            .iter()
            .map(|s| s.at.x)
            .collect();
        assert_eq!(xs, [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn ink_of_a_vanished_pen_is_wiped() {
        let (mut pen, mut ink) = (pen(), WetInk::default());
        let message = pen.grew(0, &[sample(1)], WET_MS).unwrap();
        ink.arrived(0, PeerId::FIRST, &message);
        assert!(!ink.forget_abandoned(WET_GONE_MS - 1));
        assert!(ink.forget_abandoned(WET_GONE_MS));
        ink.arrived(0, PeerId::FIRST, &message);
        ink.arrived(0, PeerId::FIRST, &pen.cancelled().unwrap());
        assert!(ink.is_empty());
    }

    #[test]
    fn nobody_wipes_or_takes_over_the_ink_of_another() {
        let (victim, other) = (PeerId::FIRST, PeerId::from_random(9));
        for first in [victim, other] {
            let (mut pen, mut ink) = (pen(), WetInk::default());
            let message = pen.grew(0, &[sample(1)], WET_MS).unwrap();
            // Whoever says the id first does not own it.
            ink.arrived(0, first, &message);
            ink.arrived(0, victim, &message);
            let more = pen.grew(100, &[sample(2)], WET_MS).unwrap();
            ink.arrived(100, other, &pen.cancelled().unwrap());
            ink.arrived(100, victim, &more);
            let longest = ink.strokes().map(|stroke| stroke.samples.len()).max();
            assert!(longest >= Some(3), "{longest:?}");
            ink.dried(&|id| id.as_str() == "s");
            assert!(ink.is_empty());
        }
    }

    #[test]
    fn garbage_is_dropped() {
        let mut ink = WetInk::default();
        ink.arrived(0, PeerId::FIRST, b"\xff\xff\xff garbage");
        assert!(ink.is_empty());
    }
}
