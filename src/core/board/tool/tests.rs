//! Hands at work: pens, fingers, palms, and lifts that never come.
#![cfg(test)]

use super::*;

const CAMERA: Camera = Camera {
    origin: Point::new(100.0, 0.0),
    zoom: 2.0,
};

/// What tells that a pointer is up.
type Sign<'a> = dyn Fn(&mut Hands) -> Vec<Intent> + 'a;

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
        0,
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
    hands.handle(&CAMERA, 0, moved)
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
            let signs: [&Sign<'_>; 6] = [
                &|hands| shift_with(hands, 1, 0, &[90.0]),
                &|hands| hands.handle(&CAMERA, 0, Input::Lifted { pointer: 1 }),
                &|hands| hands.handle(&CAMERA, 0, Input::Released),
                // The same pointer comes down again.
                &|hands| press(hands, 1, kind, Button::Primary, 300.0),
                // Another contact, when the first one cannot be there any more.
                &|hands| match kind {
                    Touch => hands.handle(&CAMERA, 0, touch(7, true)),
                    _ => press(hands, 7, kind, Button::Primary, 300.0),
                },
                // The right button stays down.
                &|hands| shift_with(hands, 1, 2, &[90.0]),
            ];
            for (at, sign) in signs.iter().enumerate() {
                let mut hands = Hands::default();
                hands.handle(&CAMERA, 0, Input::ToolChosen(tool));
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
                hands.handle(&CAMERA, 0, Input::Released);
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
            hands.handle(&CAMERA, 0, Input::ToolChosen(tool));
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
                    .handle(&CAMERA, 0, Input::Lifted { pointer: 1 })
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
        hands.handle(&CAMERA, 0, Input::Lifted { pointer: 8 });
    };
    let by_hover = |hands: &mut Hands| drop(hands.handle(&CAMERA, 0, Input::PenSeen));
    for sees in [&by_press as &dyn Fn(&mut Hands), &by_hover] {
        for tool in [Tool::Pen, Tool::Eraser] {
            let mut hands = Hands::default();
            hands.handle(&CAMERA, 0, Input::ToolChosen(tool));
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
                    .handle(&CAMERA, 0, Input::Lifted { pointer: 1 })
                    .is_empty()
            );
            // The pen still does what it is for, beside a palm too.
            press(&mut hands, 1, PointerKind::Touch, Button::Primary, 0.0);
            assert_eq!(
                press(&mut hands, 8, PointerKind::Pen, Button::Primary, 9.0).len(),
                1
            );
            assert!(
                hands.handle(&CAMERA, 0, touch(4, true)).is_empty(),
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
        hands.handle(&CAMERA, 0, Input::Lifted { pointer: 1 }),
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
        let cancelled = hands.handle(&CAMERA, 0, Input::Cancelled { pointer: 1 });
        assert_eq!(cancelled, [kept]);
    }
}

#[test]
fn two_fingers_pinch_with_the_eraser_too() {
    let mut hands = Hands::default();
    hands.handle(&CAMERA, 0, Input::ToolChosen(Tool::Eraser));
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
    hands.handle(&CAMERA, 0, Input::Lifted { pointer: 1 });
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
    hands.handle(&CAMERA, 0, Input::Lifted { pointer: 1 });
    hands.handle(&CAMERA, 0, Input::SpaceHeld(true));
    assert!(hands.would_pan());
    press(&mut hands, 1, PointerKind::Mouse, Button::Primary, 0.0);
    assert!(matches!(shift(&mut hands, 1, &[5.0])[..], [Intent::Pan(_)]));
}

#[test]
fn the_eraser_goes_from_where_it_was() {
    let mut hands = Hands::default();
    hands.handle(&CAMERA, 0, Input::ToolChosen(Tool::Eraser));
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
        hands.handle(&CAMERA, 0, Input::Cancelled { pointer: 1 }),
        [Intent::CancelErasing]
    );
}

#[test]
fn a_palm_with_two_contacts_moves_nothing_and_two_fingers_do() {
    let mut hands = Hands::default();
    hands.handle(&CAMERA, 0, Input::PenSeen);
    for (pointer, x) in [(1, 0.0), (2, 60.0)] {
        assert_eq!(
            press(&mut hands, pointer, PointerKind::Touch, Button::Primary, x),
            []
        );
    }
    for x in [1.0, 3.0, 2.0] {
        assert_eq!(shift(&mut hands, 1, &[x]), []);
        assert_eq!(shift(&mut hands, 2, &[60.0 + x]), []);
    }
    // What is left of the palm still rests.
    hands.handle(&CAMERA, 0, Input::Lifted { pointer: 2 });
    assert_eq!(shift(&mut hands, 1, &[4.0]), []);
    hands.handle(&CAMERA, 0, Input::Lifted { pointer: 1 });
    assert!(hands.is_idle());
    for (pointer, x) in [(1, 0.0), (2, 60.0)] {
        press(&mut hands, pointer, PointerKind::Touch, Button::Primary, x);
    }
    assert_eq!(shift(&mut hands, 2, &[80.0]), []);
    let moved = shift(&mut hands, 2, &[90.0]);
    assert!(
        matches!(moved.as_slice(), [Intent::Pan(by), Intent::Zoom { .. }] if by.x == 5.0),
        "{moved:?}"
    );
    assert!(
        !shift(&mut hands, 1, &[1.0]).is_empty(),
        "from now on both count"
    );
}

#[test]
fn a_finger_after_a_pen_that_fell_silent_finishes_its_stroke() {
    for kind in [PointerKind::Pen, PointerKind::Mouse] {
        let mut hands = Hands::default();
        press(&mut hands, 9, kind, Button::Primary, 0.0);
        shift(&mut hands, 9, &[40.0]);
        assert_eq!(hands.handle(&CAMERA, LIFT_LOST_MS - 1, touch(1, true)), []);
        let finished = hands.handle(&CAMERA, LIFT_LOST_MS, touch(1, true));
        assert_eq!(finished.first(), Some(&Intent::FinishStroke), "{kind:?}");
    }
}

/// The view moves, by a followed peer or a wheel, while the eraser is down.
#[test]
fn an_eraser_takes_nothing_that_the_board_carried_past_it() {
    let mut hands = Hands::default();
    hands.handle(&CAMERA, 0, Input::ToolChosen(Tool::Eraser));
    press(&mut hands, 1, PointerKind::Mouse, Button::Primary, 0.0);
    let elsewhere = Camera {
        origin: Point::new(5_000.0, 0.0),
        ..CAMERA
    };
    let moved = Input::Moved {
        pointer: 1,
        buttons: u16::MAX,
        samples: vec![sample(2.0, 0.0)],
    };
    let erased = hands.handle(&elsewhere, 0, moved);
    let (from, to) = (Point::new(5_000.0, 0.0), Point::new(5_001.0, 0.0));
    assert_eq!(erased, [Intent::Erase { from, to }]);
}
