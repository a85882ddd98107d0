//! What pointers do: a gesture at a time, from pointer events to intents.
//!
//! ```text
//!  Idle --Down with the pen--> Drawing --Up--> Idle            Drawing --second finger, early--> Pinching
//!  Idle --Down with the eraser--> Erasing --Up--> Idle
//!  Idle --Down with the hand, the middle button, or Space--> Panning --Up--> Idle
//! ```

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
        button: Button,
        sample: ScreenSample,
    },
    /// All samples since the last event, coalesced ones included, oldest first.
    Moved {
        pointer: i32,
        samples: Vec<ScreenSample>,
    },
    Lifted {
        pointer: i32,
    },
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
    Drawing {
        pointer: i32,
        kind: PointerKind,
        from: Point,
        far: bool,
    },
    Erasing {
        pointer: i32,
        kind: PointerKind,
        from: Point,
        far: bool,
        /// In board coordinates.
        last: Point,
    },
    Panning {
        pointer: i32,
        last: Point,
    },
    Pinching {
        fingers: [(i32, Point); 2],
    },
}

/// A finger that moved less than this was about to pinch when the second one comes down; CSS pixels.
const PINCH_SLACK_PX: f64 = 24.0;

#[derive(Debug)]
pub struct Hands {
    tool: Tool,
    gesture: Gesture,
    space: bool,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            tool: Tool::default(),
            gesture: Gesture::Idle,
            space: false,
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

    /// Forgets the gesture under way: its pointer will not be heard of again.
    pub fn let_go(&mut self) {
        self.gesture = Gesture::Idle;
        self.space = false;
    }

    /// Whether a drag would move the board.
    pub fn would_pan(&self) -> bool {
        self.space || self.tool == Tool::Hand || matches!(self.gesture, Gesture::Panning { .. })
    }

    pub fn handle(&mut self, camera: &Camera, input: Input) -> Vec<Intent> {
        match input {
            Input::Pressed {
                pointer,
                kind,
                button,
                sample,
            } => self.pressed(camera, pointer, kind, button, sample),
            Input::Moved { pointer, samples } => self.moved(camera, pointer, &samples),
            Input::Lifted { pointer } => self.ended(pointer, true),
            Input::Cancelled { pointer } => self.ended(pointer, false),
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

    fn pressed(
        &mut self,
        camera: &Camera,
        pointer: i32,
        kind: PointerKind,
        button: Button,
        sample: ScreenSample,
    ) -> Vec<Intent> {
        match self.gesture {
            Gesture::Idle => {}
            Gesture::Drawing {
                pointer: first,
                kind: PointerKind::Touch,
                from,
                far: false,
            } if kind == PointerKind::Touch => {
                self.pinch((first, from), (pointer, sample.at));
                return vec![Intent::CancelStroke];
            }
            Gesture::Erasing {
                pointer: first,
                kind: PointerKind::Touch,
                from,
                far: false,
                ..
            } if kind == PointerKind::Touch => {
                self.pinch((first, from), (pointer, sample.at));
                return vec![Intent::CancelErasing];
            }
            Gesture::Panning {
                pointer: first,
                last,
            } if kind == PointerKind::Touch => {
                self.pinch((first, last), (pointer, sample.at));
                return Vec::new();
            }
            _ => return Vec::new(),
        }
        let at = camera.board_from_screen(sample.at);
        let tool = match button {
            Button::Primary if self.space => Tool::Hand,
            Button::Primary => self.tool,
            Button::Middle => Tool::Hand,
            Button::Eraser => Tool::Eraser,
            Button::Other => return Vec::new(),
        };
        match tool {
            Tool::Hand => {
                self.gesture = Gesture::Panning {
                    pointer,
                    last: sample.at,
                };
                Vec::new()
            }
            Tool::Eraser => {
                self.gesture = Gesture::Erasing {
                    pointer,
                    kind,
                    from: sample.at,
                    far: false,
                    last: at,
                };
                vec![Intent::Erase { from: at, to: at }]
            }
            Tool::Pen => {
                self.gesture = Gesture::Drawing {
                    pointer,
                    kind,
                    from: sample.at,
                    far: false,
                };
                vec![Intent::BeginStroke {
                    first: Sample {
                        at,
                        pressure: sample.pressure,
                    },
                    // A mouse always says 0.5, most fingers too.
                    simulate_pressure: kind != PointerKind::Pen,
                }]
            }
        }
    }

    fn pinch(&mut self, a: (i32, Point), b: (i32, Point)) {
        self.gesture = Gesture::Pinching { fingers: [a, b] };
    }

    fn moved(&mut self, camera: &Camera, moved: i32, samples: &[ScreenSample]) -> Vec<Intent> {
        let Some(newest) = samples.last() else {
            return Vec::new();
        };
        match &mut self.gesture {
            Gesture::Drawing {
                pointer, from, far, ..
            } if *pointer == moved => {
                *far |= is_far(*from, samples);
                let board = |s: &ScreenSample| Sample {
                    at: camera.board_from_screen(s.at),
                    pressure: s.pressure,
                };
                vec![Intent::ExtendStroke(samples.iter().map(board).collect())]
            }
            Gesture::Erasing {
                pointer,
                last,
                from,
                far,
                ..
            } if *pointer == moved => {
                *far |= is_far(*from, samples);
                let step = |s: &ScreenSample| {
                    let to = camera.board_from_screen(s.at);
                    Intent::Erase {
                        from: std::mem::replace(last, to),
                        to,
                    }
                };
                samples.iter().map(step).collect()
            }
            Gesture::Panning { pointer, last } if *pointer == moved => {
                let by = newest.at - std::mem::replace(last, newest.at);
                vec![Intent::Pan(by)]
            }
            Gesture::Pinching { fingers } => pinched(fingers, moved, newest.at),
            _ => Vec::new(),
        }
    }

    fn ended(&mut self, ended: i32, finished: bool) -> Vec<Intent> {
        let intent = match self.gesture {
            // What was drawn is kept, even if a notification or the system took the pointer away.
            Gesture::Drawing { pointer, far, .. } if pointer == ended => match finished || far {
                true => Intent::FinishStroke,
                false => Intent::CancelStroke,
            },
            Gesture::Erasing { pointer, .. } if pointer == ended => match finished {
                true => Intent::FinishErasing,
                false => Intent::CancelErasing,
            },
            Gesture::Panning { pointer, .. } if pointer == ended => {
                self.gesture = Gesture::Idle;
                return Vec::new();
            }
            Gesture::Pinching { fingers } => {
                let rest = fingers.into_iter().find(|(finger, _)| *finger != ended);
                if let (Some((pointer, last)), true) =
                    (rest, fingers.iter().any(|(f, _)| *f == ended))
                {
                    self.gesture = Gesture::Panning { pointer, last };
                }
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        self.gesture = Gesture::Idle;
        vec![intent]
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
                button,
                sample: sample(x, 0.0),
            },
        )
    }

    fn shift(hands: &mut Hands, pointer: i32, xs: &[f64]) -> Vec<Intent> {
        let samples = xs.iter().map(|&x| sample(x, 0.0)).collect();
        hands.handle(&CAMERA, Input::Moved { pointer, samples })
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
