//! The gesture recogniser: from pointer events to what one pointer does with a tool, and to the moves of the board, which
//! work with every tool.
//!
//! ```text
//!  Idle --press with a tool--> Working --lift--> Idle          Working --second finger, early--> Pinching
//!  Idle --press with the hand, the middle button, or Space--> Panning --lift--> Idle
//! ```
//!
//! A lift may never come: drivers lose it, and so does a window that loses the focus. A move without the button that
//! began the gesture, a lost capture, another contact and [`Input::Released`] end a gesture as a lift does, and what was
//! done is kept. Where a pen was seen a touch is a palm or moves the board; no tool gets it.

use kurbo::{Point, Vec2};

use super::tools::{
    Act as ToolAct, Cursor, ERASER, End, HAND, PEN, PointerKind, Press, ScreenSample, Tool,
};
use crate::limits::{LIFT_LOST_MS, Millis};

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
        kind: PointerKind,
        /// A bit for each button that is down.
        buttons: u16,
        samples: Vec<ScreenSample>,
    },
    /// Or its capture was lost.
    Lifted {
        pointer: i32,
    },
    /// No pointer is over the board any more.
    Left,
    /// The window lost the focus, or an edit waits for the end of this one: whatever is under way ends as it is.
    Released,
    /// The person wants out of what is under way: ink stays, and nothing else happens.
    Escaped,
    /// The browser took the pointer away.
    Cancelled {
        pointer: i32,
    },
    ToolChosen(&'static Tool),
    SpaceHeld(bool),
}

/// What is to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Begin(&'static Tool, Press),
    /// All samples since the last one, oldest first.
    Drag(Vec<ScreenSample>),
    End(End),
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
    Work,
    /// `waits`: it may be a palm, and moves nothing before it is far.
    Pan {
        last: Point,
        waits: bool,
    },
}

/// A finger that moved less than this was about to pinch when the second one comes down; CSS pixels.
const PINCH_SLACK_PX: f64 = 24.0;

#[derive(Debug)]
pub struct Gestures {
    tool: &'static Tool,
    gesture: Gesture,
    space: bool,
    pen_seen: bool,
}

impl Default for Gestures {
    fn default() -> Self {
        Self {
            tool: &PEN,
            gesture: Gesture::Idle,
            space: false,
            pen_seen: false,
        }
    }
}

impl Gestures {
    pub fn tool(&self) -> &'static Tool {
        self.tool
    }

    pub fn is_idle(&self) -> bool {
        self.gesture == Gesture::Idle
    }

    pub fn is_pinching(&self) -> bool {
        matches!(self.gesture, Gesture::Pinching(_))
    }

    pub fn cursor(&self) -> Cursor {
        match self.gesture {
            Gesture::Held(held) if held.act != Act::Work => Cursor::Grab,
            _ if self.space => Cursor::Grab,
            _ => self.tool.cursor,
        }
    }

    pub fn handle(&mut self, now: Millis, input: Input) -> Vec<Action> {
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
                let Some(mut actions) = way else {
                    return Vec::new();
                };
                if self.is_idle() {
                    actions.extend(self.begin(now, pointer, kind, button, sample));
                }
                actions
            }
            Input::Moved {
                pointer,
                kind,
                buttons,
                samples,
            } => {
                // One that hovers counts, too.
                self.pen_seen |= kind == PointerKind::Pen;
                self.moved(now, pointer, buttons, samples)
            }
            Input::Lifted { pointer } => self.ended(now, pointer, true),
            Input::Cancelled { pointer } => self.ended(now, pointer, false),
            Input::Released => {
                self.space = false;
                self.end(End::Lifted)
            }
            Input::Escaped => self.end(End::Interrupted),
            Input::Left => Vec::new(),
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
    ) -> Option<Vec<Action>> {
        use PointerKind::{Pen, Touch};
        let held = match self.gesture {
            Gesture::Idle => return Some(Vec::new()),
            Gesture::Pinching(_) if kind == Touch && !is_primary => return None,
            Gesture::Pinching(_) => return Some(self.end(End::Lifted)),
            Gesture::Held(held) => held,
        };
        match (held.kind, kind) {
            // The same pointer comes down again, so it was lifted.
            _ if held.pointer == pointer => Some(self.end(End::Lifted)),
            // The palm was there before the pen.
            (Touch, Pen) => Some(self.end(End::Withdrawn)),
            (Touch, Touch) if !is_primary => {
                let (is_early, first, waits) = match held.act {
                    Act::Work => (!held.far, held.from, false),
                    Act::Pan { last, waits } => (true, last, waits),
                };
                is_early.then(|| {
                    let actions = self.end(End::Withdrawn);
                    self.gesture = Gesture::Pinching(Pinch {
                        fingers: [(held.pointer, first), (pointer, at)],
                        from: [held.from, at],
                        waits,
                    });
                    actions
                })
            }
            // Ignores a palm beside a pen, or a finger beside a mouse, unless the pen or mouse sent no event for so
            // long that its lift must have been lost.
            (_, Touch) if held.kind != Touch && now < held.heard + LIFT_LOST_MS => None,
            _ => Some(self.end(End::Lifted)),
        }
    }

    fn begin(
        &mut self,
        now: Millis,
        pointer: i32,
        kind: PointerKind,
        button: Button,
        sample: ScreenSample,
    ) -> Option<Action> {
        let is_palm = self.pen_seen && kind == PointerKind::Touch;
        let tool = match button {
            Button::Primary if self.space || is_palm => &HAND,
            Button::Primary => self.tool,
            Button::Middle => &HAND,
            Button::Eraser => &ERASER,
            Button::Other => return None,
        };
        let (act, action) = match tool.act {
            ToolAct::Pan => {
                let last = sample.at;
                let waits = is_palm;
                (Act::Pan { last, waits }, None)
            }
            ToolAct::Work(_) | ToolAct::Later => {
                let press = Press { sample, kind };
                (Act::Work, Some(Action::Begin(tool, press)))
            }
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
        action
    }

    fn moved(
        &mut self,
        now: Millis,
        moved: i32,
        buttons: u16,
        samples: Vec<ScreenSample>,
    ) -> Vec<Action> {
        let Some(newest) = samples.last().copied() else {
            return Vec::new();
        };
        let held = match &mut self.gesture {
            Gesture::Held(held) if held.pointer == moved => held,
            Gesture::Pinching(pinch) => return pinch.moved(moved, newest.at),
            Gesture::Idle | Gesture::Held(_) => return Vec::new(),
        };
        if buttons & held.button.bit() == 0 {
            // It was lifted without a word, or while another button stayed down.
            return self.end(End::Lifted);
        }
        held.heard = now;
        held.far |= is_far(held.from, &samples);
        match &mut held.act {
            Act::Work => vec![Action::Drag(samples)],
            Act::Pan { last, waits } => {
                *waits &= !held.far;
                let by = newest.at - std::mem::replace(last, newest.at);
                match *waits {
                    true => Vec::new(),
                    false => vec![Action::Pan(by)],
                }
            }
        }
    }

    /// Ends the gesture, and the work of a tool if that is what it was.
    fn end(&mut self, end: End) -> Vec<Action> {
        match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Held(Held { act: Act::Work, .. }) => vec![Action::End(end)],
            Gesture::Idle | Gesture::Held(_) | Gesture::Pinching(_) => Vec::new(),
        }
    }

    fn ended(&mut self, now: Millis, ended: i32, is_lift: bool) -> Vec<Action> {
        match self.gesture {
            Gesture::Held(held) if held.pointer == ended => {
                // A notification or the system may take the pointer away from what is well under way.
                self.end(match (is_lift, held.far) {
                    (true, _) => End::Lifted,
                    (false, true) => End::Interrupted,
                    (false, false) => End::Withdrawn,
                })
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
    fn moved(&mut self, moved: i32, to: Point) -> Vec<Action> {
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
            Action::Pan(about - from_a.midpoint(from_b)),
            Action::Zoom {
                factor: spread(to_a, to_b) / spread(from_a, from_b),
                about,
            },
        ]
    }
}

#[cfg(test)]
mod tests;
