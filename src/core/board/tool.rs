//! What pointers do: a gesture at a time, from pointer events to intents.
//!
//! ```text
//!  Idle --Down with the pen--> Drawing --Up--> Idle            Drawing --second finger, early--> Pinching
//!  Idle --Down with the eraser--> Erasing --Up--> Idle
//!  Idle --Down with the hand, the middle button, or Space--> Panning --Up--> Idle
//! ```
//!
//! A lift may never come: drivers lose it, and so does a window that loses the focus. A move without the button that
//! began the gesture, a lost capture, another contact and [`Input::Released`] end a gesture as a lift does, and what was
//! drawn is kept. Where a pen was seen a touch is a palm or moves the board; it never draws or erases.

use kurbo::{Point, Vec2};

use super::{camera::Camera, stroke::Sample};
use crate::limits::{LIFT_LOST_MS, Millis};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tool {
    Hand,
    #[default]
    Pen,
    Eraser,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    Mouse,
    Pen,
    Touch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Primary,
    Middle,
    /// The far end of a pen.
    Eraser,
    Other,
}

impl Button {
    /// Its bit in the buttons that are down (Pointer Events §4.1.1).
    fn bit(self) -> u16 {
        match self {
            Self::Primary => 1,
            Self::Middle => 4,
            Self::Eraser => 32,
            Self::Other => 0,
        }
    }
}

/// A pointer's place on the board element, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenSample {
    pub at: Point,
    pub pressure: f64,
}

#[derive(Clone, Debug)]
pub enum Input {
    Pressed {
        pointer: i32,
        kind: PointerKind,
        /// The first contact of its kind: no other finger is down.
        is_primary: bool,
        button: Button,
        sample: ScreenSample,
    },
    /// All samples since the last event, coalesced ones included, oldest first.
    Moved {
        pointer: i32,
        /// A bit for each button that is down.
        buttons: u16,
        samples: Vec<ScreenSample>,
    },
    /// Or its capture was lost.
    Lifted {
        pointer: i32,
    },
    /// A pen is near: touches are no longer drawn.
    PenSeen,
    /// The window lost the focus, or somebody wants out: whatever is under way ends as it is.
    Released,
    /// The browser took the pointer away.
    Cancelled {
        pointer: i32,
    },
    ToolChosen(Tool),
    SpaceHeld(bool),
}

/// What is to happen, in board coordinates.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    BeginStroke {
        first: Sample,
        simulate_pressure: bool,
    },
    ExtendStroke(Vec<Sample>),
    FinishStroke,
    CancelStroke,
    Erase {
        from: Point,
        to: Point,
    },
    FinishErasing,
    CancelErasing,
    /// Screen pixels.
    Pan(Vec2),
    /// `about` in screen pixels.
    Zoom {
        factor: f64,
        about: Point,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Gesture {
    Idle,
    Held(Held),
    Pinching(Pinch),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pinch {
    fingers: [(i32, Point); 2],
    /// Where each came down.
    from: [Point; 2],
    /// They may be a palm, and move nothing before one of them is far.
    waits: bool,
}

/// One pointer is down, and does something.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    pointer: i32,
    kind: PointerKind,
    button: Button,
    from: Point,
    /// It moved further than a finger that is about to pinch.
    far: bool,
    act: Act,
    /// When it was heard of last.
    heard: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Draw,
    /// `last` in CSS pixels: the board may be moved meanwhile, and what passes by was not touched.
    Erase {
        last: Point,
    },
    /// `waits`: it may be a palm, and moves nothing before it is far.
    Pan {
        last: Point,
        waits: bool,
    },
}

/// A finger that moved less than this was about to pinch when the second one comes down; CSS pixels.
const PINCH_SLACK_PX: f64 = 24.0;

#[derive(Debug)]
pub struct Hands {
    tool: Tool,
    gesture: Gesture,
    space: bool,
    pen_seen: bool,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            tool: Tool::default(),
            gesture: Gesture::Idle,
            space: false,
            pen_seen: false,
        }
    }
}

impl Hands {
    pub fn tool(&self) -> Tool {
        self.tool
    }

    pub fn is_idle(&self) -> bool {
        self.gesture == Gesture::Idle
    }

    pub fn is_pinching(&self) -> bool {
        matches!(self.gesture, Gesture::Pinching(_))
    }

    /// Whether a drag would move the board.
    pub fn would_pan(&self) -> bool {
        let pans = matches!(
            self.gesture,
            Gesture::Held(Held {
                act: Act::Pan { .. },
                ..
            })
        );
        self.space || self.tool == Tool::Hand || pans
    }

    pub fn handle(&mut self, camera: &Camera, now: Millis, input: Input) -> Vec<Intent> {
        match input {
            Input::Pressed {
                pointer,
                kind,
                is_primary,
                button,
                sample,
            } => {
                self.pen_seen |= kind == PointerKind::Pen;
                let way = self.make_way(now, pointer, kind, is_primary, sample.at);
                let Some(mut intents) = way else {
                    return Vec::new();
                };
                if self.is_idle() {
                    intents.extend(self.begin(camera, now, pointer, kind, button, sample));
                }
                intents
            }
            Input::Moved {
                pointer,
                buttons,
                samples,
            } => self.moved(camera, now, pointer, buttons, &samples),
            Input::Lifted { pointer } => self.ended(now, pointer, true),
            Input::Cancelled { pointer } => self.ended(now, pointer, false),
            Input::PenSeen => {
                self.pen_seen = true;
                Vec::new()
            }
            Input::Released => {
                self.space = false;
                self.finish()
            }
            Input::ToolChosen(tool) => {
                self.tool = tool;
                Vec::new()
            }
            Input::SpaceHeld(held) => {
                self.space = held;
                Vec::new()
            }
        }
    }

    /// What a new contact does to the gesture under way. None: it is ignored.
    fn make_way(
        &mut self,
        now: Millis,
        pointer: i32,
        kind: PointerKind,
        is_primary: bool,
        at: Point,
    ) -> Option<Vec<Intent>> {
        use PointerKind::{Pen, Touch};
        let held = match self.gesture {
            Gesture::Idle => return Some(Vec::new()),
            Gesture::Pinching(_) if kind == Touch && !is_primary => return None,
            Gesture::Pinching(_) => return Some(self.finish()),
            Gesture::Held(held) => held,
        };
        match (held.kind, kind) {
            // The same pointer comes down again, so it was lifted.
            _ if held.pointer == pointer => Some(self.finish()),
            // The palm was there before the pen.
            (Touch, Pen) => Some(self.give_up()),
            (Touch, Touch) if !is_primary => {
                let is_early = match held.act {
                    Act::Draw | Act::Erase { .. } => !held.far,
                    Act::Pan { .. } => true,
                };
                let (first, waits) = match held.act {
                    Act::Pan { last, waits } => (last, waits),
                    Act::Draw | Act::Erase { .. } => (held.from, false),
                };
                is_early.then(|| {
                    let intents = self.give_up();
                    self.gesture = Gesture::Pinching(Pinch {
                        fingers: [(held.pointer, first), (pointer, at)],
                        from: [held.from, at],
                        waits,
                    });
                    intents
                })
            }
            // A palm beside a pen, or a finger beside a mouse; but no pen that is down says nothing for so long.
            (_, Touch) if held.kind != Touch && now < held.heard + LIFT_LOST_MS => None,
            _ => Some(self.finish()),
        }
    }

    fn begin(
        &mut self,
        camera: &Camera,
        now: Millis,
        pointer: i32,
        kind: PointerKind,
        button: Button,
        sample: ScreenSample,
    ) -> Option<Intent> {
        let at = camera.board_from_screen(sample.at);
        let is_palm = self.pen_seen && kind == PointerKind::Touch;
        let tool = match button {
            Button::Primary if self.space || is_palm => Tool::Hand,
            Button::Primary => self.tool,
            Button::Middle => Tool::Hand,
            Button::Eraser => Tool::Eraser,
            Button::Other => return None,
        };
        let (act, intent) = match tool {
            Tool::Hand => {
                let last = sample.at;
                let waits = is_palm;
                (Act::Pan { last, waits }, None)
            }
            Tool::Eraser => (
                Act::Erase { last: sample.at },
                Some(Intent::Erase { from: at, to: at }),
            ),
            Tool::Pen => (
                Act::Draw,
                Some(Intent::BeginStroke {
                    first: Sample {
                        at,
                        pressure: sample.pressure,
                    },
                    // A mouse always says 0.5, most fingers too.
                    simulate_pressure: kind != PointerKind::Pen,
                }),
            ),
        };
        self.gesture = Gesture::Held(Held {
            pointer,
            kind,
            button,
            from: sample.at,
            far: false,
            act,
            heard: now,
        });
        intent
    }

    fn moved(
        &mut self,
        camera: &Camera,
        now: Millis,
        moved: i32,
        buttons: u16,
        samples: &[ScreenSample],
    ) -> Vec<Intent> {
        let Some(newest) = samples.last() else {
            return Vec::new();
        };
        let held = match &mut self.gesture {
            Gesture::Held(held) if held.pointer == moved => held,
            Gesture::Pinching(pinch) => return pinch.moved(moved, newest.at),
            Gesture::Idle | Gesture::Held(_) => return Vec::new(),
        };
        if buttons & held.button.bit() == 0 {
            // It was lifted without a word, or while another button stayed down.
            return self.finish();
        }
        held.heard = now;
        held.far |= is_far(held.from, samples);
        match &mut held.act {
            Act::Draw => {
                let board = |s: &ScreenSample| Sample {
                    at: camera.board_from_screen(s.at),
                    pressure: s.pressure,
                };
                vec![Intent::ExtendStroke(samples.iter().map(board).collect())]
            }
            Act::Erase { last } => {
                let step = |s: &ScreenSample| Intent::Erase {
                    from: camera.board_from_screen(std::mem::replace(last, s.at)),
                    to: camera.board_from_screen(s.at),
                };
                samples.iter().map(step).collect()
            }
            Act::Pan { last, waits } => {
                *waits &= !held.far;
                let by = newest.at - std::mem::replace(last, newest.at);
                match *waits {
                    true => Vec::new(),
                    false => vec![Intent::Pan(by)],
                }
            }
        }
    }

    /// Ends the gesture; what was drawn or erased stays.
    fn finish(&mut self) -> Vec<Intent> {
        self.end(Intent::FinishStroke, Intent::FinishErasing)
    }

    /// Ends the gesture as if it had not been begun.
    fn give_up(&mut self) -> Vec<Intent> {
        self.end(Intent::CancelStroke, Intent::CancelErasing)
    }

    /// Gives what ends a stroke or an erasing, whichever was under way.
    fn end(&mut self, stroke: Intent, erasing: Intent) -> Vec<Intent> {
        let intent = match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Held(held) => match held.act {
                Act::Draw => Some(stroke),
                Act::Erase { .. } => Some(erasing),
                Act::Pan { .. } => None,
            },
            Gesture::Idle | Gesture::Pinching(_) => None,
        };
        intent.into_iter().collect()
    }

    fn ended(&mut self, now: Millis, ended: i32, finished: bool) -> Vec<Intent> {
        match self.gesture {
            Gesture::Held(held) if held.pointer == ended => {
                // What was drawn is kept, even if a notification or the system took the pointer away.
                match finished || (held.far && held.act == Act::Draw) {
                    true => self.finish(),
                    false => self.give_up(),
                }
            }
            Gesture::Pinching(Pinch { fingers, waits, .. })
                if fingers.iter().any(|(f, _)| *f == ended) =>
            {
                let rest = fingers.into_iter().find(|(finger, _)| *finger != ended);
                self.gesture = rest.map_or(Gesture::Idle, |(pointer, last)| {
                    Gesture::Held(Held {
                        pointer,
                        kind: PointerKind::Touch,
                        button: Button::Primary,
                        from: last,
                        far: false,
                        act: Act::Pan { last, waits },
                        heard: now,
                    })
                });
                Vec::new()
            }
            Gesture::Idle | Gesture::Held(_) | Gesture::Pinching(_) => Vec::new(),
        }
    }
}

fn is_far(from: Point, samples: &[ScreenSample]) -> bool {
    samples
        .iter()
        .any(|s| (s.at - from).hypot() > PINCH_SLACK_PX)
}

impl Pinch {
    /// One of the fingers moved: the board follows both.
    fn moved(&mut self, moved: i32, to: Point) -> Vec<Intent> {
        let [(a, from_a), (b, from_b)] = self.fingers;
        let (to_a, to_b) = match moved {
            finger if finger == a => (to, from_b),
            finger if finger == b => (from_a, to),
            _ => return Vec::new(),
        };
        self.fingers = [(a, to_a), (b, to_b)];
        let [began_a, began_b] = self.from;
        self.waits &= (to_a - began_a).hypot().max((to_b - began_b).hypot()) <= PINCH_SLACK_PX;
        if self.waits {
            return Vec::new();
        }
        let spread = |p: Point, q: Point| (p - q).hypot().max(1.0);
        let about = to_a.midpoint(to_b);
        vec![
            Intent::Pan(about - from_a.midpoint(from_b)),
            Intent::Zoom {
                factor: spread(to_a, to_b) / spread(from_a, from_b),
                about,
            },
        ]
    }
}

#[cfg(test)]
mod tests;
