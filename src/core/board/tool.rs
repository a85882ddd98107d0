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
    Pinching { fingers: [(i32, Point); 2] },
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
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Draw,
    /// `last` in board coordinates.
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
        matches!(self.gesture, Gesture::Pinching { .. })
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

    pub fn handle(&mut self, camera: &Camera, input: Input) -> Vec<Intent> {
        match input {
            Input::Pressed {
                pointer,
                kind,
                is_primary,
                button,
                sample,
            } => {
                self.pen_seen |= kind == PointerKind::Pen;
                let Some(mut intents) = self.make_way(pointer, kind, is_primary, sample.at) else {
                    return Vec::new();
                };
                if self.is_idle() {
                    intents.extend(self.begin(camera, pointer, kind, button, sample));
                }
                intents
            }
            Input::Moved {
                pointer,
                buttons,
                samples,
            } => self.moved(camera, pointer, buttons, &samples),
            Input::Lifted { pointer } => self.ended(pointer, true),
            Input::Cancelled { pointer } => self.ended(pointer, false),
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
        pointer: i32,
        kind: PointerKind,
        is_primary: bool,
        at: Point,
    ) -> Option<Vec<Intent>> {
        use PointerKind::{Pen, Touch};
        let held = match self.gesture {
            Gesture::Idle => return Some(Vec::new()),
            Gesture::Pinching { .. } if kind == Touch && !is_primary => return None,
            Gesture::Pinching { .. } => return Some(self.finish()),
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
                let first = match held.act {
                    Act::Pan { last, .. } => last,
                    Act::Draw | Act::Erase { .. } => held.from,
                };
                is_early.then(|| {
                    let intents = self.give_up();
                    let fingers = [(held.pointer, first), (pointer, at)];
                    self.gesture = Gesture::Pinching { fingers };
                    intents
                })
            }
            // A palm beside a pen, or a finger beside a mouse.
            (_, Touch) if held.kind != Touch => None,
            _ => Some(self.finish()),
        }
    }

    fn begin(
        &mut self,
        camera: &Camera,
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
                Act::Erase { last: at },
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
        });
        intent
    }

    fn moved(
        &mut self,
        camera: &Camera,
        moved: i32,
        buttons: u16,
        samples: &[ScreenSample],
    ) -> Vec<Intent> {
        let Some(newest) = samples.last() else {
            return Vec::new();
        };
        let held = match &mut self.gesture {
            Gesture::Held(held) if held.pointer == moved => held,
            Gesture::Pinching { fingers } => return pinched(fingers, moved, newest.at),
            Gesture::Idle | Gesture::Held(_) => return Vec::new(),
        };
        if buttons & held.button.bit() == 0 {
            // It was lifted without a word, or while another button stayed down.
            return self.finish();
        }
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
                let step = |s: &ScreenSample| {
                    let to = camera.board_from_screen(s.at);
                    Intent::Erase {
                        from: std::mem::replace(last, to),
                        to,
                    }
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
        let intent = match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Held(held) => match held.act {
                Act::Draw => Some(Intent::FinishStroke),
                Act::Erase { .. } => Some(Intent::FinishErasing),
                Act::Pan { .. } => None,
            },
            Gesture::Idle | Gesture::Pinching { .. } => None,
        };
        intent.into_iter().collect()
    }

    /// Ends the gesture as if it had not been begun.
    fn give_up(&mut self) -> Vec<Intent> {
        let intent = match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Held(held) => match held.act {
                Act::Draw => Some(Intent::CancelStroke),
                Act::Erase { .. } => Some(Intent::CancelErasing),
                Act::Pan { .. } => None,
            },
            Gesture::Idle | Gesture::Pinching { .. } => None,
        };
        intent.into_iter().collect()
    }

    fn ended(&mut self, ended: i32, finished: bool) -> Vec<Intent> {
        match self.gesture {
            Gesture::Held(held) if held.pointer == ended => {
                // What was drawn is kept, even if a notification or the system took the pointer away.
                match finished || (held.far && held.act == Act::Draw) {
                    true => self.finish(),
                    false => self.give_up(),
                }
            }
            Gesture::Pinching { fingers } if fingers.iter().any(|(f, _)| *f == ended) => {
                let rest = fingers.into_iter().find(|(finger, _)| *finger != ended);
                self.gesture = rest.map_or(Gesture::Idle, |(pointer, last)| {
                    Gesture::Held(Held {
                        pointer,
                        kind: PointerKind::Touch,
                        button: Button::Primary,
                        from: last,
                        far: false,
                        act: Act::Pan { last, waits: false },
                    })
                });
                Vec::new()
            }
            Gesture::Idle | Gesture::Held(_) | Gesture::Pinching { .. } => Vec::new(),
        }
    }
}

fn is_far(from: Point, samples: &[ScreenSample]) -> bool {
    samples
        .iter()
        .any(|s| (s.at - from).hypot() > PINCH_SLACK_PX)
}

/// One of two fingers moved: the board follows both.
fn pinched(fingers: &mut [(i32, Point); 2], moved: i32, to: Point) -> Vec<Intent> {
    let [(a, from_a), (b, from_b)] = *fingers;
    let (to_a, to_b) = match moved {
        finger if finger == a => (to, from_b),
        finger if finger == b => (from_a, to),
        _ => return Vec::new(),
    };
    *fingers = [(a, to_a), (b, to_b)];
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

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: Camera = Camera {
        origin: Point::new(100.0, 0.0),
        zoom: 2.0,
    };

    fn sample(x: f64, y: f64) -> ScreenSample {
        ScreenSample {
            at: Point::new(x, y),
            pressure: 0.5,
        }
    }

    /// The first finger has the number 1.
    fn press(
        hands: &mut Hands,
        pointer: i32,
        kind: PointerKind,
        button: Button,
        x: f64,
    ) -> Vec<Intent> {
        hands.handle(
            &CAMERA,
            Input::Pressed {
                pointer,
                kind,
                is_primary: pointer == 1 || kind != PointerKind::Touch,
                button,
                sample: sample(x, 0.0),
            },
        )
    }

    fn shift(hands: &mut Hands, pointer: i32, xs: &[f64]) -> Vec<Intent> {
        shift_with(hands, pointer, u16::MAX, xs)
    }

    fn shift_with(hands: &mut Hands, pointer: i32, buttons: u16, xs: &[f64]) -> Vec<Intent> {
        let samples = xs.iter().map(|&x| sample(x, 0.0)).collect();
        let moved = Input::Moved {
            pointer,
            buttons,
            samples,
        };
        hands.handle(&CAMERA, moved)
    }

    fn touch(pointer: i32, is_primary: bool) -> Input {
        Input::Pressed {
            pointer,
            kind: PointerKind::Touch,
            is_primary,
            button: Button::Primary,
            sample: sample(5.0, 0.0),
        }
    }

    /// Each tool, what begins with it, and what ends it so that it stays.
    const TOOLS: [(Tool, Option<Intent>); 3] = [
        (Tool::Pen, Some(Intent::FinishStroke)),
        (Tool::Eraser, Some(Intent::FinishErasing)),
        (Tool::Hand, None),
    ];

    #[test]
    fn a_lift_that_never_comes_ends_with_the_next_sign_of_it_and_keeps_what_was_drawn() {
        use PointerKind::{Mouse, Pen, Touch};
        for (tool, ends) in TOOLS {
            for kind in [Mouse, Pen, Touch] {
                let signs: [&dyn Fn(&mut Hands) -> Vec<Intent>; 6] = [
                    &|hands| shift_with(hands, 1, 0, &[90.0]),
                    &|hands| hands.handle(&CAMERA, Input::Lifted { pointer: 1 }),
                    &|hands| hands.handle(&CAMERA, Input::Released),
                    // The same pointer comes down again.
                    &|hands| press(hands, 1, kind, Button::Primary, 300.0),
                    // Another contact, when the first one cannot be there any more.
                    &|hands| match kind {
                        Touch => hands.handle(&CAMERA, touch(7, true)),
                        _ => press(hands, 7, kind, Button::Primary, 300.0),
                    },
                    // The right button stays down.
                    &|hands| shift_with(hands, 1, 2, &[90.0]),
                ];
                for (at, sign) in signs.iter().enumerate() {
                    let mut hands = Hands::default();
                    hands.handle(&CAMERA, Input::ToolChosen(tool));
                    press(&mut hands, 1, kind, Button::Primary, 0.0);
                    shift(&mut hands, 1, &[60.0]);
                    let intents = sign(&mut hands);
                    let case = format!("{tool:?} {kind:?}, sign {at}");
                    assert_eq!(
                        intents.first().filter(|_| ends.is_some()),
                        ends.as_ref(),
                        "{case}"
                    );
                    // And the next contact works.
                    hands.handle(&CAMERA, Input::Released);
                    press(&mut hands, 9, Mouse, Button::Primary, 0.0);
                    assert!(!hands.is_idle(), "{case}");
                }
            }
        }
    }

    #[test]
    fn the_button_that_began_is_the_one_that_ends() {
        for (button, bit) in [
            (Button::Middle, 4),
            (Button::Eraser, 32),
            (Button::Primary, 1),
        ] {
            let mut hands = Hands::default();
            press(&mut hands, 1, PointerKind::Mouse, button, 0.0);
            shift_with(&mut hands, 1, bit | 2, &[10.0]);
            assert!(!hands.is_idle(), "{button:?}");
            shift_with(&mut hands, 1, 2, &[20.0]);
            assert!(hands.is_idle(), "{button:?}");
        }
    }

    #[test]
    fn a_palm_that_lands_first_gives_way_to_the_pen_and_leaves_nothing() {
        for slide in [0.0, 5.0, 80.0] {
            for tool in [Tool::Pen, Tool::Eraser] {
                let mut hands = Hands::default();
                hands.handle(&CAMERA, Input::ToolChosen(tool));
                press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
                shift(&mut hands, 1, &[slide]);
                let intents = press(&mut hands, 2, PointerKind::Pen, Button::Primary, 50.0);
                let (gone, begun) = match tool {
                    Tool::Eraser => (Intent::CancelErasing, "Erase"),
                    _ => (Intent::CancelStroke, "BeginStroke"),
                };
                assert_eq!(intents[0], gone);
                assert!(
                    format!("{:?}", intents[1]).starts_with(begun),
                    "{intents:?}"
                );
                // What the palm does now is nothing.
                assert!(shift(&mut hands, 1, &[200.0]).is_empty());
                assert!(
                    hands
                        .handle(&CAMERA, Input::Lifted { pointer: 1 })
                        .is_empty()
                );
                assert!(!hands.is_idle(), "the pen goes on");
            }
        }
        // Two fingers that pinched give way, too.
        let mut hands = Hands::default();
        press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
        press(&mut hands, 2, PointerKind::Touch, Button::Primary, 90.0);
        assert!(hands.is_pinching());
        let intents = press(&mut hands, 3, PointerKind::Pen, Button::Primary, 50.0);
        assert!(matches!(intents[..], [Intent::BeginStroke { .. }]));
    }

    #[test]
    fn once_a_pen_was_seen_touches_never_draw_or_erase() {
        let by_press = |hands: &mut Hands| {
            press(hands, 8, PointerKind::Pen, Button::Primary, 0.0);
            hands.handle(&CAMERA, Input::Lifted { pointer: 8 });
        };
        let by_hover = |hands: &mut Hands| drop(hands.handle(&CAMERA, Input::PenSeen));
        for sees in [&by_press as &dyn Fn(&mut Hands), &by_hover] {
            for tool in [Tool::Pen, Tool::Eraser] {
                let mut hands = Hands::default();
                hands.handle(&CAMERA, Input::ToolChosen(tool));
                sees(&mut hands);
                // A palm that taps or rests does nothing; a finger that goes somewhere moves the board.
                assert!(press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0).is_empty());
                assert!(shift(&mut hands, 1, &[3.0, 8.0]).is_empty());
                assert!(matches!(
                    shift(&mut hands, 1, &[90.0])[..],
                    [Intent::Pan(_)]
                ));
                assert!(
                    hands
                        .handle(&CAMERA, Input::Lifted { pointer: 1 })
                        .is_empty()
                );
                // The pen still does what it is for, beside a palm too.
                press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
                assert_eq!(
                    press(&mut hands, 8, PointerKind::Pen, Button::Primary, 9.0).len(),
                    1
                );
                assert!(
                    hands.handle(&CAMERA, touch(4, true)).is_empty(),
                    "a second palm"
                );
                assert!(!hands.is_idle());
            }
        }
    }

    #[test]
    fn a_press_a_move_and_a_lift_are_a_stroke_in_board_coordinates() {
        let mut hands = Hands::default();
        let begun = press(&mut hands, 1, PointerKind::Mouse, Button::Primary, 20.0);
        let first = Sample {
            at: Point::new(110.0, 0.0),
            pressure: 0.5,
        };
        assert_eq!(
            begun,
            [Intent::BeginStroke {
                first,
                simulate_pressure: true
            }]
        );
        let [Intent::ExtendStroke(samples)] = &shift(&mut hands, 1, &[22.0, 24.0])[..] else {
            panic!()
        };
        assert_eq!(samples.len(), 2);
        assert!(shift(&mut hands, 2, &[0.0]).is_empty());
        assert_eq!(
            hands.handle(&CAMERA, Input::Lifted { pointer: 1 }),
            [Intent::FinishStroke]
        );
        assert!(hands.is_idle());
    }

    #[test]
    fn a_stroke_that_the_system_interrupts_is_kept_once_it_is_one() {
        for (to, kept) in [(3.0, Intent::CancelStroke), (90.0, Intent::FinishStroke)] {
            let mut hands = Hands::default();
            press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
            shift(&mut hands, 1, &[to]);
            let cancelled = hands.handle(&CAMERA, Input::Cancelled { pointer: 1 });
            assert_eq!(cancelled, [kept]);
        }
    }

    #[test]
    fn two_fingers_pinch_with_the_eraser_too() {
        let mut hands = Hands::default();
        hands.handle(&CAMERA, Input::ToolChosen(Tool::Eraser));
        press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
        let second = press(&mut hands, 2, PointerKind::Touch, Button::Primary, 100.0);
        assert_eq!(second, [Intent::CancelErasing]);
        assert!(matches!(
            shift(&mut hands, 2, &[200.0])[..],
            [Intent::Pan(_), Intent::Zoom { .. }]
        ));
    }

    #[test]
    fn a_second_finger_turns_a_stroke_just_begun_into_a_pinch() {
        let mut hands = Hands::default();
        press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
        let second = press(&mut hands, 2, PointerKind::Touch, Button::Primary, 100.0);
        assert_eq!(second, [Intent::CancelStroke]);
        let intents = shift(&mut hands, 2, &[200.0]);
        assert_eq!(
            intents,
            [
                Intent::Pan(Vec2::new(50.0, 0.0)),
                Intent::Zoom {
                    factor: 2.0,
                    about: Point::new(100.0, 0.0)
                }
            ]
        );
        hands.handle(&CAMERA, Input::Lifted { pointer: 1 });
        assert_eq!(
            shift(&mut hands, 2, &[210.0]),
            [Intent::Pan(Vec2::new(10.0, 0.0))]
        );
    }

    #[test]
    fn a_second_finger_does_not_spoil_a_long_stroke() {
        let mut hands = Hands::default();
        press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
        shift(&mut hands, 1, &[60.0]);
        assert!(press(&mut hands, 2, PointerKind::Touch, Button::Primary, 100.0).is_empty());
        assert!(matches!(
            shift(&mut hands, 1, &[70.0])[..],
            [Intent::ExtendStroke(_)]
        ));
    }

    #[test]
    fn the_middle_button_space_and_the_hand_pan() {
        let mut hands = Hands::default();
        press(&mut hands, 1, PointerKind::Mouse, Button::Middle, 0.0);
        assert_eq!(
            shift(&mut hands, 1, &[5.0, 9.0]),
            [Intent::Pan(Vec2::new(9.0, 0.0))]
        );
        hands.handle(&CAMERA, Input::Lifted { pointer: 1 });
        hands.handle(&CAMERA, Input::SpaceHeld(true));
        assert!(hands.would_pan());
        press(&mut hands, 1, PointerKind::Mouse, Button::Primary, 0.0);
        assert!(matches!(shift(&mut hands, 1, &[5.0])[..], [Intent::Pan(_)]));
    }

    #[test]
    fn the_eraser_goes_from_where_it_was() {
        let mut hands = Hands::default();
        hands.handle(&CAMERA, Input::ToolChosen(Tool::Eraser));
        press(&mut hands, 1, PointerKind::Mouse, Button::Primary, 0.0);
        let at = |x| Point::new(x, 0.0);
        assert_eq!(
            shift(&mut hands, 1, &[10.0, 20.0]),
            [
                Intent::Erase {
                    from: at(100.0),
                    to: at(105.0)
                },
                Intent::Erase {
                    from: at(105.0),
                    to: at(110.0)
                }
            ]
        );
        assert_eq!(
            hands.handle(&CAMERA, Input::Cancelled { pointer: 1 }),
            [Intent::CancelErasing]
        );
    }
}
