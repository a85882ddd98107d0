//! The properties of an element that can change after it was drawn. Each property has its own table, whose row ids are
//! the ids of the ink. Without a row, the value in the ink applies. So concurrent changes of different properties of
//! one element are both kept. With one record for each element, one of two concurrently created records would be lost.
//!
//! To add a property, add a variant of [`Property`] and a control that sets it. Erasing an element keeps its rows: an
//! undo brings it back with its properties, and with the changes that others made meanwhile.

use kurbo::{Rect, Vec2};

use super::stroke::Style;
use crate::{
    core::doc::{
        id::Id,
        table::{Key, Name, Value, Write},
    },
    limits::BOARD_EXTENT,
};

pub const OFFSET: Name = Name::known("ink.offset");
pub const COLOR: Name = Name::known("ink.color");
pub const WIDTH: Name = Name::known("ink.width");

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Property {
    /// How far it lies from where it was drawn, in board units. Two numbers in 16 bytes, little-endian: of two people who
    /// move it, one decides about both.
    Offset(Vec2),
    /// [`Style::color`], in three bytes.
    Color([u8; 3]),
    /// [`Style::width`], a number.
    Width(f32),
}

impl Property {
    const fn table(&self) -> Name {
        match self {
            Self::Offset(_) => OFFSET,
            Self::Color(_) => COLOR,
            Self::Width(_) => WIDTH,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Offset(Vec2 { x, y }) => {
                Value::Bytes([x.to_le_bytes(), y.to_le_bytes()].concat().into())
            }
            Self::Color(color) => Value::Bytes(color.as_slice().into()),
            Self::Width(width) => Value::number(f64::from(*width)),
        }
    }

    /// None for a property that this version does not know, and for a value that none can have: it stays in the document,
    /// and the ink counts.
    fn read(table: &Name, value: &Value) -> Option<Self> {
        let property = match value {
            Value::Bytes(bytes) if table == &OFFSET => {
                let (x, y) = bytes.split_at_checked(8)?;
                let number = |bytes: &[u8]| Some(f64::from_le_bytes(bytes.try_into().ok()?));
                Self::Offset(Vec2::new(number(x)?, number(y)?))
            }
            Value::Bytes(bytes) if table == &COLOR => Self::Color(bytes.as_ref().try_into().ok()?),
            Value::Number(bits) if table == &WIDTH => Self::Width(f64::from_bits(*bits) as f32),
            _ => return None,
        };
        property.is_possible().then_some(property)
    }

    fn is_possible(&self) -> bool {
        match self {
            Self::Offset(by) => by.is_finite(),
            Self::Color(_) => true,
            Self::Width(width) => Style::is_width(*width),
        }
    }

    /// Sets what of a style this property is.
    pub fn set(&self, style: &mut Style) {
        match *self {
            Self::Offset(_) => {}
            Self::Color(color) => style.color = color,
            Self::Width(width) => style.width = width,
        }
    }

    pub fn write(&self, id: Id) -> Write {
        Write::put(Key::value(self.table(), id), self.value())
    }
}

/// Those of one element, each at most once, in the order of their tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(Vec<Property>);

impl Properties {
    /// What is read of the value of a table; they come in the order of their tables.
    pub fn add(&mut self, table: &Name, value: &Value) {
        self.0.extend(Property::read(table, value));
    }

    fn offset(&self) -> Vec2 {
        let mut offsets = self.0.iter().filter_map(|property| match property {
            Property::Offset(by) => Some(*by),
            _ => None,
        });
        offsets.next().unwrap_or_default()
    }

    /// How far ink within `bounds` lies from where it was drawn, if a tool moves it by `shift` just now. All of it stays
    /// on the board, and in its shape.
    pub fn translation(&self, bounds: Rect, shift: Vec2) -> Vec2 {
        let on_board = |by: Vec2| {
            let clamp = |by: f64, from: f64, to: f64| {
                let (least, most) = (-BOARD_EXTENT - from, BOARD_EXTENT - to);
                by.max(least).min(most)
            };
            let x = clamp(by.x, bounds.x0, bounds.x1);
            Vec2::new(x, clamp(by.y, bounds.y0, bounds.y1))
        };
        on_board(on_board(self.offset()) + shift)
    }

    /// The style of ink that has this one.
    pub fn styled(&self, mut style: Style) -> Style {
        for property in &self.0 {
            property.set(&mut style);
        }
        style
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{stroke::tests::STYLE, table::properties},
        *,
    };

    const ALL: [Property; 3] = [
        Property::Offset(Vec2::new(-3.25, 1e5)),
        Property::Color([1, 2, 3]),
        Property::Width(4.5),
    ];

    fn read(table: &Name, value: Value) -> Properties {
        let mut properties = Properties::default();
        properties.add(table, &value);
        properties
    }

    const BOUNDS: Rect = Rect::new(0.0, 0.0, 9.0, 0.0);

    #[test]
    fn what_is_written_is_read_and_shown() {
        let id = Id::parse("a").unwrap();
        let mut read = Properties::default();
        for Write { key, value } in ALL.map(|property| property.write(id.clone())) {
            read.add(&key.table, &value.unwrap());
        }
        assert_eq!(read.0.len(), ALL.len());
        let style = read.styled(STYLE);
        assert_eq!((style.color, style.width), ([1, 2, 3], 4.5));
        assert_eq!(style.opacity, STYLE.opacity, "as the ink has it");
        let by = read.translation(BOUNDS, Vec2::new(1.0, 0.0));
        assert_eq!(by, Vec2::new(-2.25, 1e5));
    }

    #[test]
    fn a_value_that_none_can_have_leaves_what_the_ink_says() {
        let number = |number: f64| Value::number(number);
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.into());
        let wild =
            [f64::NAN, f64::INFINITY].map(|x| [1.0_f64.to_le_bytes(), x.to_le_bytes()].concat());
        for (table, value) in [
            (&WIDTH, number(0.0)),
            (&WIDTH, number(-1.0)),
            (&WIDTH, number(f64::NAN)),
            (&WIDTH, number(1e300)),
            (&WIDTH, bytes(&[1])),
            (&COLOR, bytes(&[1, 2])),
            (&COLOR, bytes(&[1, 2, 3, 4])),
            (&COLOR, Value::text("red")),
            (&OFFSET, bytes(&[0; 15])),
            (&OFFSET, bytes(&[0; 24])),
            (&OFFSET, bytes(&wild[0])),
            (&OFFSET, bytes(&wild[1])),
            (&OFFSET, Value::Flag(true)),
            (&Name::known("ink.spin"), number(1.0)),
        ] {
            assert_eq!(read(table, value), Properties::default(), "{table:?}");
        }
    }

    #[test]
    fn ink_stays_on_the_board_in_its_shape_and_comes_back_from_its_edge() {
        for far in [1e7, 3e7, 1e16, 1e300, f64::MAX] {
            let properties = read(&OFFSET, Property::Offset(Vec2::new(far, -far)).value());
            let edge = Vec2::new(BOARD_EXTENT - 9.0, -BOARD_EXTENT);
            assert_eq!(properties.translation(BOUNDS, Vec2::ZERO), edge);
            let back = Vec2::new(-600.0, 600.0);
            assert_eq!(properties.translation(BOUNDS, back), edge + back);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            for table in properties() {
                let read = read(table, Value::Bytes(bytes[..].into()));
                let by = read.translation(BOUNDS, Vec2::ZERO);
                prop_assert!(by.is_finite());
            }
        }
    }
}
