//! Gestures: pens, fingers, palms, and lifts that never come.
#![cfg(test)]

use super::*;

/// What tells that a pointer is up.
type Sign<'a> = dyn Fn(&mut Gestures) -> Vec<Action> + 'a;

fn sample(x: f64, y: f64) -> ScreenSample {
    ScreenSample {
        at: Point::new(x, y),
        pressure: 0.5,
    }
}

/// The first finger has the number 1.
fn press(
    gestures: &mut Gestures,
    pointer: i32,
    kind: PointerKind,
    button: Button,
    x: f64,
) -> Vec<Action> {
    gestures.handle(
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

fn shift(gestures: &mut Gestures, pointer: i32, xs: &[f64]) -> Vec<Action> {
    shift_with(gestures, pointer, u16::MAX, xs)
}

fn shift_with(gestures: &mut Gestures, pointer: i32, buttons: u16, xs: &[f64]) -> Vec<Action> {
    let samples = xs.iter().map(|&x| sample(x, 0.0)).collect();
    let moved = Input::Moved {
        pointer,
        kind: PointerKind::Mouse,
        buttons,
        samples,
    };
    gestures.handle(0, moved)
}

/// A pen is near.
fn hover(gestures: &mut Gestures) -> Vec<Action> {
    let moved = Input::Moved {
        pointer: 8,
        kind: PointerKind::Pen,
        buttons: 0,
        samples: vec![sample(0.0, 0.0)],
    };
    gestures.handle(0, moved)
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
const ENDS: [(&Tool, Option<Action>); 3] = [
    (&PEN, Some(Action::End(End::Lifted))),
    (&ERASER, Some(Action::End(End::Lifted))),
    (&HAND, None),
];

#[test]
fn a_lift_that_never_comes_ends_with_the_next_sign_of_it_and_keeps_what_was_drawn() {
    use PointerKind::{Mouse, Pen, Touch};
    for (tool, ends) in ENDS {
        for kind in [Mouse, Pen, Touch] {
            let signs: [&Sign<'_>; 6] = [
                &|gestures| shift_with(gestures, 1, 0, &[90.0]),
                &|gestures| gestures.handle(0, Input::Lifted { pointer: 1 }),
                &|gestures| gestures.handle(0, Input::Released),
                // The same pointer comes down again.
                &|gestures| press(gestures, 1, kind, Button::Primary, 300.0),
                // Another contact, when the first one cannot be there any more.
                &|gestures| match kind {
                    Touch => gestures.handle(0, touch(7, true)),
                    _ => press(gestures, 7, kind, Button::Primary, 300.0),
                },
                // The right button stays down.
                &|gestures| shift_with(gestures, 1, 2, &[90.0]),
            ];
            for (at, sign) in signs.iter().enumerate() {
                let mut gestures = Gestures::default();
                gestures.handle(0, Input::ToolChosen(tool));
                press(&mut gestures, 1, kind, Button::Primary, 0.0);
                shift(&mut gestures, 1, &[60.0]);
                let actions = sign(&mut gestures);
                let case = format!("{tool:?} {kind:?}, sign {at}");
                assert_eq!(
                    actions.first().filter(|_| ends.is_some()),
                    ends.as_ref(),
                    "{case}"
                );
                // And the next contact works.
                gestures.handle(0, Input::Released);
                press(&mut gestures, 9, Mouse, Button::Primary, 0.0);
                assert!(!gestures.is_idle(), "{case}");
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
        let mut gestures = Gestures::default();
        press(&mut gestures, 1, PointerKind::Mouse, button, 0.0);
        shift_with(&mut gestures, 1, bit | 2, &[10.0]);
        assert!(!gestures.is_idle(), "{button:?}");
        shift_with(&mut gestures, 1, 2, &[20.0]);
        assert!(gestures.is_idle(), "{button:?}");
    }
}

#[test]
fn a_palm_that_lands_first_gives_way_to_the_pen_and_leaves_nothing() {
    for slide in [0.0, 5.0, 80.0] {
        for tool in [&PEN, &ERASER] {
            let mut gestures = Gestures::default();
            gestures.handle(0, Input::ToolChosen(tool));
            press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
            shift(&mut gestures, 1, &[slide]);
            let actions = press(&mut gestures, 2, PointerKind::Pen, Button::Primary, 50.0);
            assert_eq!(actions[0], Action::End(End::Withdrawn));
            assert!(
                matches!(actions[1], Action::Begin(begun, press) if begun == tool && press.kind == PointerKind::Pen),
                "{actions:?}"
            );
            // What the palm does now is nothing.
            assert!(shift(&mut gestures, 1, &[200.0]).is_empty());
            assert!(gestures.handle(0, Input::Lifted { pointer: 1 }).is_empty());
            assert!(!gestures.is_idle(), "the pen goes on");
        }
    }
    // Two fingers that pinched give way, too.
    let mut gestures = Gestures::default();
    press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
    press(&mut gestures, 2, PointerKind::Touch, Button::Primary, 90.0);
    assert!(gestures.is_pinching());
    let actions = press(&mut gestures, 3, PointerKind::Pen, Button::Primary, 50.0);
    assert!(matches!(actions[..], [Action::Begin(..)]));
}

#[test]
fn once_a_pen_was_seen_touches_never_draw_or_erase() {
    let by_press = |gestures: &mut Gestures| {
        press(gestures, 8, PointerKind::Pen, Button::Primary, 0.0);
        gestures.handle(0, Input::Lifted { pointer: 8 });
    };
    let by_hover = |gestures: &mut Gestures| assert!(hover(gestures).is_empty());
    for sees in [&by_press as &dyn Fn(&mut Gestures), &by_hover] {
        for tool in [&PEN, &ERASER] {
            let mut gestures = Gestures::default();
            gestures.handle(0, Input::ToolChosen(tool));
            sees(&mut gestures);
            // A palm that taps or rests does nothing; a finger that goes somewhere moves the board.
            assert!(press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0).is_empty());
            assert!(shift(&mut gestures, 1, &[3.0, 8.0]).is_empty());
            assert!(matches!(
                shift(&mut gestures, 1, &[90.0])[..],
                [Action::Pan(_)]
            ));
            assert!(gestures.handle(0, Input::Lifted { pointer: 1 }).is_empty());
            // The pen still does what it is for, beside a palm too.
            press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
            assert_eq!(
                press(&mut gestures, 8, PointerKind::Pen, Button::Primary, 9.0).len(),
                1
            );
            assert!(
                gestures.handle(0, touch(4, true)).is_empty(),
                "a second palm"
            );
            assert!(!gestures.is_idle());
        }
    }
}

#[test]
fn a_press_a_move_and_a_lift_are_the_work_of_a_tool() {
    for tool in [&PEN, &ERASER] {
        let mut gestures = Gestures::default();
        gestures.handle(0, Input::ToolChosen(tool));
        let press = Press {
            sample: sample(20.0, 0.0),
            kind: PointerKind::Mouse,
        };
        assert_eq!(
            self::press(&mut gestures, 1, PointerKind::Mouse, Button::Primary, 20.0),
            [Action::Begin(tool, press)]
        );
        let samples = vec![sample(22.0, 0.0), sample(24.0, 0.0)];
        assert_eq!(
            shift(&mut gestures, 1, &[22.0, 24.0]),
            [Action::Drag(samples)]
        );
        assert!(shift(&mut gestures, 2, &[0.0]).is_empty());
        assert_eq!(
            gestures.handle(0, Input::Lifted { pointer: 1 }),
            [Action::End(End::Lifted)]
        );
        assert!(gestures.is_idle());
    }
}

#[test]
fn what_the_system_interrupts_was_meant_once_it_went_some_way() {
    for (to, end) in [(3.0, End::Withdrawn), (90.0, End::Interrupted)] {
        let mut gestures = Gestures::default();
        press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
        shift(&mut gestures, 1, &[to]);
        let cancelled = gestures.handle(0, Input::Cancelled { pointer: 1 });
        assert_eq!(cancelled, [Action::End(end)]);
    }
}

#[test]
fn two_fingers_pinch_with_the_eraser_too() {
    let mut gestures = Gestures::default();
    gestures.handle(0, Input::ToolChosen(&ERASER));
    press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
    let second = press(&mut gestures, 2, PointerKind::Touch, Button::Primary, 100.0);
    assert_eq!(second, [Action::End(End::Withdrawn)]);
    assert!(matches!(
        shift(&mut gestures, 2, &[200.0])[..],
        [Action::Pan(_), Action::Zoom { .. }]
    ));
}

#[test]
fn a_second_finger_turns_a_stroke_just_begun_into_a_pinch() {
    let mut gestures = Gestures::default();
    press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
    let second = press(&mut gestures, 2, PointerKind::Touch, Button::Primary, 100.0);
    assert_eq!(second, [Action::End(End::Withdrawn)]);
    let actions = shift(&mut gestures, 2, &[200.0]);
    assert_eq!(
        actions,
        [
            Action::Pan(Vec2::new(50.0, 0.0)),
            Action::Zoom {
                factor: 2.0,
                about: Point::new(100.0, 0.0)
            }
        ]
    );
    gestures.handle(0, Input::Lifted { pointer: 1 });
    assert_eq!(
        shift(&mut gestures, 2, &[210.0]),
        [Action::Pan(Vec2::new(10.0, 0.0))]
    );
}

#[test]
fn a_second_finger_does_not_spoil_a_long_stroke() {
    let mut gestures = Gestures::default();
    press(&mut gestures, 1, PointerKind::Touch, Button::Primary, 0.0);
    shift(&mut gestures, 1, &[60.0]);
    assert!(press(&mut gestures, 2, PointerKind::Touch, Button::Primary, 100.0).is_empty());
    assert!(matches!(
        shift(&mut gestures, 1, &[70.0])[..],
        [Action::Drag(_)]
    ));
}

#[test]
fn the_middle_button_space_and_the_hand_pan() {
    let mut gestures = Gestures::default();
    press(&mut gestures, 1, PointerKind::Mouse, Button::Middle, 0.0);
    assert_eq!(
        shift(&mut gestures, 1, &[5.0, 9.0]),
        [Action::Pan(Vec2::new(9.0, 0.0))]
    );
    gestures.handle(0, Input::Lifted { pointer: 1 });
    gestures.handle(0, Input::SpaceHeld(true));
    assert!(gestures.cursor() == Cursor::Grab);
    press(&mut gestures, 1, PointerKind::Mouse, Button::Primary, 0.0);
    assert!(matches!(
        shift(&mut gestures, 1, &[5.0])[..],
        [Action::Pan(_)]
    ));
}

#[test]
fn a_palm_with_two_contacts_moves_nothing_and_two_fingers_do() {
    let mut gestures = Gestures::default();
    hover(&mut gestures);
    for (pointer, x) in [(1, 0.0), (2, 60.0)] {
        assert_eq!(
            press(
                &mut gestures,
                pointer,
                PointerKind::Touch,
                Button::Primary,
                x
            ),
            []
        );
    }
    for x in [1.0, 3.0, 2.0] {
        assert_eq!(shift(&mut gestures, 1, &[x]), []);
        assert_eq!(shift(&mut gestures, 2, &[60.0 + x]), []);
    }
    // What is left of the palm still rests.
    gestures.handle(0, Input::Lifted { pointer: 2 });
    assert_eq!(shift(&mut gestures, 1, &[4.0]), []);
    gestures.handle(0, Input::Lifted { pointer: 1 });
    assert!(gestures.is_idle());
    for (pointer, x) in [(1, 0.0), (2, 60.0)] {
        press(
            &mut gestures,
            pointer,
            PointerKind::Touch,
            Button::Primary,
            x,
        );
    }
    assert_eq!(shift(&mut gestures, 2, &[80.0]), []);
    let moved = shift(&mut gestures, 2, &[90.0]);
    assert!(
        matches!(moved.as_slice(), [Action::Pan(by), Action::Zoom { .. }] if by.x == 5.0),
        "{moved:?}"
    );
    assert!(
        !shift(&mut gestures, 1, &[1.0]).is_empty(),
        "from now on both count"
    );
}

#[test]
fn a_finger_after_a_pen_that_fell_silent_finishes_its_stroke() {
    for kind in [PointerKind::Pen, PointerKind::Mouse] {
        let mut gestures = Gestures::default();
        press(&mut gestures, 9, kind, Button::Primary, 0.0);
        shift(&mut gestures, 9, &[40.0]);
        assert_eq!(gestures.handle(LIFT_LOST_MS - 1, touch(1, true)), []);
        let finished = gestures.handle(LIFT_LOST_MS, touch(1, true));
        assert_eq!(
            finished.first(),
            Some(&Action::End(End::Lifted)),
            "{kind:?}"
        );
    }
}
