//! Draws: how a stroke grows under the pen, what the others and storage get of it, and what it becomes. A stroke that gets
//! too long for one goes on as another one from the same point, so that no ink is lost.

use super::{Act, Context, Cursor, End, PointerKind, Press, ScreenSample, Tool, Work};
use crate::{
    core::{
        apps::board::{
            edit,
            effect::Effect,
            presence::WET,
            stroke::{self, Stroke, StrokeError, clamped},
            wet::WetPen,
        },
        doc::{id::Id, presence, table::Write},
    },
    limits::{DRAFT_MS, Millis, STROKE_SAMPLES, WET_MS},
};

pub static PEN: Tool = Tool {
    name: "Pen",
    keys: &['p', '7'],
    shortcut: "P or 7",
    help: "Pen",
    cursor: Cursor::Crosshair,
    act: Act::Work(|cx, press| Box::new(Drawing::begin(cx, press))),
};

struct Drawing {
    id: Id,
    stroke: Stroke,
    /// Of the grid that its samples are put on.
    bits: u8,
    wet: WetPen,
    /// When it is stored next, if it grew since the last time.
    draft_at: Millis,
    grew: bool,
}

impl Drawing {
    fn begin(cx: &mut Context, press: Press) -> Self {
        let first = clamped(cx.sample(&press.sample));
        // A mouse always says 0.5, most fingers too.
        let simulate_pressure = press.kind != PointerKind::Pen;
        let id = Id::random(cx.rng);
        let bits = stroke::grid_bits(cx.camera.zoom);
        Self {
            wet: WetPen::new(id.clone(), cx.style, bits, simulate_pressure, first),
            id,
            bits,
            draft_at: cx.now,
            grew: true,
            stroke: Stroke {
                style: cx.style,
                z: cx.scene.next_z(),
                simulate_pressure,
                samples: vec![first],
                carried: String::new(),
            },
        }
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
}

/// For the others, at once.
fn wet(ink: Vec<u8>) -> Effect {
    Effect::Show(WET, Some(ink))
}

impl Work for Drawing {
    fn drag(&mut self, cx: &mut Context, samples: &[ScreenSample]) {
        let pause = presence::pause(WET_MS, cx.others);
        let mut rest = samples;
        while !rest.is_empty() {
            let room = STROKE_SAMPLES.saturating_sub(self.stroke.samples.len());
            if room == 0 {
                let finished = self.go_on_as(Id::random(cx.rng));
                cx.effects
                    .extend(finished.map(|write| Effect::Commit(vec![write])));
                continue;
            }
            let (these, after) = rest.split_at(room.min(rest.len()));
            let these: Vec<_> = these
                .iter()
                .map(|sample| clamped(cx.sample(sample)))
                .collect();
            self.stroke.samples.extend_from_slice(&these);
            let ink = self.wet.grew(cx.now, &these, pause);
            cx.effects.extend(ink.map(wet));
            rest = after;
        }
        self.grew = true;
    }

    fn end(mut self: Box<Self>, cx: &mut Context, end: End) {
        let kept = match end {
            // Strokes of peers may lie above it by now.
            End::Lifted | End::Interrupted => {
                self.stroke.z = cx.scene.next_z();
                self.write()
            }
            End::Withdrawn => {
                cx.effects.extend(self.wet.cancelled().map(wet));
                cx.effects.push(Effect::Draft(None));
                return;
            }
        };
        cx.effects.extend(match kept {
            Ok(write) => vec![Effect::Commit(vec![write])],
            Err(error) => vec![Effect::Draft(None), Effect::Refused(error)],
        });
    }

    fn overlay(&self) -> Option<&Stroke> {
        Some(&self.stroke)
    }

    /// A pen that rests has drawn all the same.
    fn draft_at(&self) -> Option<Millis> {
        self.grew.then_some(self.draft_at)
    }

    fn draft(&mut self, now: Millis) -> Option<Write> {
        let grew = std::mem::replace(&mut self.grew, false);
        self.draft_at = now + DRAFT_MS;
        grew.then(|| self.write().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{PEN, tests::Bench},
        *,
    };
    use crate::{
        core::{apps::board::stroke::Sample, doc::table::Value},
        limits::BOARD_EXTENT,
    };

    fn samples(write: &Write) -> Vec<Sample> {
        let Some(Value::Bytes(bytes)) = &write.value else {
            panic!("ink");
        };
        Stroke::from_bytes(bytes).unwrap().samples
    }

    fn committed(bench: &Bench) -> Vec<Vec<Sample>> {
        let writes = bench.effects.iter().filter_map(|effect| match effect {
            Effect::Commit(writes) => Some(writes),
            _ => None,
        });
        writes.flatten().map(samples).collect()
    }

    fn at(i: u32) -> (f64, f64) {
        (f64::from(i), f64::from(i % 5))
    }

    #[test]
    fn what_is_drawn_goes_out_wet_and_becomes_a_stroke_on_top_of_all() {
        let mut bench = Bench::default();
        bench.line(0.0);
        let mut work = bench.begin(&PEN, 0.0, 0.0);
        for n in 1..=60 {
            bench.now = u64::from(n) * 16;
            bench.drag(&mut work, &[at(n)]);
        }
        let inks = bench.effects.iter();
        let inks = inks
            .filter(|effect| matches!(effect, Effect::Show(..)))
            .count() as u64;
        assert!((2..=960 / WET_MS + 1).contains(&inks), "{inks}");
        assert_eq!(work.overlay().unwrap().samples.len(), 61);
        // A peer draws meanwhile.
        bench.line(0.0);
        bench.end(work, End::Lifted);
        let [Effect::Commit(writes)] = &bench.effects[inks as usize..] else {
            panic!("{:?}", bench.effects);
        };
        let Some(Value::Bytes(bytes)) = &writes[0].value else {
            panic!()
        };
        let stroke = Stroke::from_bytes(bytes).unwrap();
        assert_eq!((stroke.z, stroke.samples.len()), (3, 61));
    }

    #[test]
    fn what_was_no_stroke_is_wiped_from_the_screens_of_others_and_from_storage() {
        let mut bench = Bench::default();
        let mut work = bench.begin(&PEN, 0.0, 0.0);
        bench.drag(&mut work, &[at(1)]);
        bench.effects.clear();
        bench.end(work, End::Withdrawn);
        assert!(
            matches!(bench.effects[..], [Effect::Show(..), Effect::Draft(None)]),
            "{:?}",
            bench.effects
        );
    }

    #[test]
    fn what_the_system_interrupts_is_kept() {
        let mut bench = Bench::default();
        let mut work = bench.begin(&PEN, 0.0, 0.0);
        bench.drag(&mut work, &[at(90)]);
        bench.end(work, End::Interrupted);
        assert_eq!(committed(&bench).len(), 1);
    }

    #[test]
    fn a_stroke_that_no_document_takes_is_said() {
        let mut bench = Bench::default();
        bench.style.width = f32::NAN;
        let work = bench.begin(&PEN, 0.0, 0.0);
        bench.end(work, End::Lifted);
        assert!(
            matches!(bench.effects[..], [Effect::Draft(None), Effect::Refused(_)]),
            "{:?}",
            bench.effects
        );
    }

    #[test]
    fn a_stroke_of_any_length_keeps_all_its_ink_in_joined_pieces() {
        for at_once in [1, 7, 1_000, 60_000] {
            let all: Vec<_> = (1..=50_001).map(at).collect();
            let mut bench = Bench::default();
            let mut work = bench.begin(&PEN, 0.0, 0.0);
            for these in all.chunks(at_once) {
                bench.now += 1;
                bench.drag(&mut work, these);
                assert!(work.overlay().unwrap().samples.len() <= STROKE_SAMPLES);
            }
            bench.end(work, End::Lifted);
            let pieces = committed(&bench);
            assert!(pieces.len() >= 3);
            for pair in pieces.windows(2) {
                assert_eq!(pair[0].last(), pair[1].first(), "no gap");
            }
            let joined: Vec<_> = (pieces.iter().enumerate())
                .flat_map(|(n, piece)| piece.iter().skip(usize::from(n > 0)))
                .map(|sample| (sample.at.x, sample.at.y))
                .collect();
            let drawn: Vec<_> = (0..=50_001).map(at).collect();
            assert!(joined == drawn, "at once {at_once}");
        }
    }

    #[test]
    fn ink_beyond_the_end_of_the_board_stays_at_its_edge() {
        let mut bench = Bench::default();
        let mut work = bench.begin(&PEN, 0.0, 0.0);
        let far = [1e12, f64::NAN, -1e300, f64::INFINITY].map(|x| (x, 0.0));
        bench.drag(&mut work, &far);
        bench.end(work, End::Lifted);
        let kept = &committed(&bench)[0];
        assert!(
            kept.iter().all(|sample| sample.at.x.abs() <= BOARD_EXTENT),
            "{kept:?}"
        );
        assert!(kept.len() >= 3);
    }
}
