//! Elements that are selected, moved, coloured and deleted.

use super::*;

/// Two strokes, of which the left one is selected.
fn one_of_two() -> Desk {
    let mut desk = Desk::new();
    desk.drag((100.0, 100.0), (200.0, 100.0));
    desk.drag((500.0, 100.0), (600.0, 100.0));
    desk.choose(&SELECT);
    desk.drag((50.0, 50.0), (300.0, 150.0));
    desk
}

fn colors(desk: &Desk) -> Vec<[u8; 3]> {
    let all = desk.board.scene().in_order();
    all.iter().map(|element| element.style.color).collect()
}

#[test]
fn what_is_selected_takes_a_colour_and_keeps_it_where_it_is_moved() {
    let mut desk = one_of_two();
    let black = desk.board.shown().style.color;
    desk.with(|board| board.set(Property::Color([9, 8, 7])));
    assert_eq!(colors(&desk), [[9, 8, 7], black]);
    let frame = desk.board.shown().marks.frame.unwrap();
    desk.drag((150.0, 100.0), (150.0, 300.0));
    let moved = desk.board.shown().marks.frame.unwrap();
    assert_eq!(moved, frame + Vec2::new(0.0, 200.0));
    assert_eq!(colors(&desk), [[9, 8, 7], black]);
    assert_eq!(desk.board.shown().style.color, [9, 8, 7]);
    assert!(desk.board.is_at_rest());
    // A reload shows the same.
    let again = Scene::of(elements(&desk.replica));
    let bounds = |scene: &Scene| scene.in_order()[0].bounds;
    assert_eq!(bounds(&again), bounds(desk.board.scene()));
}

#[test]
fn what_is_selected_is_deleted_and_nothing_is_selected_then() {
    let mut desk = one_of_two();
    desk.with(|board| board.command(0, Command::Delete));
    assert_eq!(desk.count(), 1);
    assert_eq!(desk.board.shown().marks.frame, None);
    desk.with(|board| board.command(0, Command::Delete));
    assert_eq!(desk.count(), 1, "nothing is selected");
    desk.with(|board| board.command(0, Command::SelectAll));
    desk.with(|board| board.command(0, Command::Escape));
    desk.with(|board| board.command(0, Command::Delete));
    assert_eq!(desk.count(), 1);
    desk.with(|board| board.command(0, Command::SelectAll));
    desk.choose(&PEN);
    desk.with(|board| board.command(0, Command::Delete));
    assert_eq!(desk.count(), 1, "another tool selects nothing");
}

/// A peer moves an element that is being moved here: both moves count.
#[test]
fn an_element_that_two_people_move_at_once_stays_in_one_piece() {
    let mut desk = one_of_two();
    let left = |desk: &Desk| {
        desk.board.scene().in_order()[0]
            .stroke()
            .unwrap()
            .bounds()
            .x0
    };
    let id = desk.board.scene().in_order()[0].id.clone();
    desk.press(150.0, 100.0);
    desk.move_to(150.0, 200.0);
    desk.arrived(&[Property::Offset(Vec2::new(40.0, 0.0)).write(id)]);
    assert_eq!(left(&desk), 140.0);
    desk.handle(Input::Cancelled { pointer: 1 });
    assert_eq!(left(&desk), 140.0);
    assert!(desk.board.is_at_rest());
}

#[test]
fn escape_puts_back_what_is_being_moved_and_selects_nothing() {
    let mut desk = one_of_two();
    let before = desk.board.scene().in_order()[0].bounds;
    for to in [150.0, 300.0] {
        desk.press(150.0, 100.0);
        desk.move_to(150.0, to);
        desk.with(|board| board.command(0, Command::Escape));
        assert_eq!(desk.board.scene().in_order()[0].bounds, before);
        assert_eq!(desk.board.shown().marks.frame, None);
        assert!(desk.board.is_at_rest());
        desk.drag((50.0, 50.0), (300.0, 150.0));
    }
    // Ink is kept.
    desk.choose(&PEN);
    desk.press(100.0, 400.0);
    desk.move_to(200.0, 400.0);
    desk.with(|board| board.command(0, Command::Escape));
    assert_eq!(desk.count(), 3);
}

/// A peer colours all elements of a large drawing.
#[test]
fn many_changes_at_once_leave_on_the_screen_what_is_there_and_under_way() {
    let mut desk = Desk::new();
    let ids: Vec<_> = (0..=MANY)
        .map(|n| Id::parse(&n.to_string()).unwrap())
        .collect();
    let line = |n: usize| stroke::tests::line(n as u64, Point::new(100.0, 100.0), 9.0);
    let drawn = ids.iter().zip(0..);
    let drawn = drawn.map(|(id, n)| Write::put(ink(id.clone()), Value::Bytes(line(n))));
    desk.arrived(&drawn.collect::<Vec<_>>());
    desk.paint();
    let blits = desk.board.blits().len();
    assert!(blits > 0);
    let red = edit::set(ids.iter().cloned(), Property::Color([255, 0, 0]));
    desk.choose(&ERASER);
    desk.press(100.0, 100.0);
    desk.arrived(&red);
    assert_eq!(desk.board.blits().len(), blits);
    let fading = |desk: &Desk| {
        let all = desk.board.scene().in_order();
        all.iter().filter(|element| element.is_fading()).count()
    };
    assert_eq!(fading(&desk), MANY + 1);
    desk.handle(Input::Cancelled { pointer: 1 });
    assert_eq!(fading(&desk), 0);
    desk.choose(&SELECT);
    desk.press(100.0, 100.0);
    desk.move_to(300.0, 100.0);
    let moved = desk.board.shown().marks.frame;
    desk.arrived(&edit::set(ids, Property::Color([0, 0, 255])));
    assert_eq!(desk.board.shown().marks.frame, moved);
}
