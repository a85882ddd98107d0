//! The board's presence: a person's pointer, view and wet ink, as peers are shown them.

use kurbo::Point;
use serde::{Deserialize, Serialize};

use super::wet;
use crate::core::apps::Implied;
use crate::core::doc::presence::slots::{Lane, Shows, Slot, To};

/// Where a pointer is, in board units. Ink says so itself ([`implied`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pointer {
    pub x: f64,
    pub y: f64,
}

/// A part of the board that is seen, in board units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Ink that is still being drawn ([`super::wet`]).
pub const WET: Slot = Slot {
    letter: b'w',
    name: "wet ink",
    lane: Lane::Stream,
    to: To::Everyone,
};

impl Shows for Pointer {
    const SLOT: Slot = Slot {
        letter: b'C',
        name: "pointer",
        lane: Lane::Latest,
        to: To::Everyone,
    };

    fn is_sane(&self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

impl Shows for Viewport {
    const SLOT: Slot = Slot {
        // `V`, `c` and `v` were other bodies.
        letter: b'S',
        name: "view",
        lane: Lane::Latest,
        to: To::Followers,
    };

    fn is_sane(&self) -> bool {
        let finite = [self.x, self.y, self.width, self.height].map(f64::is_finite);
        finite == [true; 4] && self.width > 0.0 && self.height > 0.0
    }
}

impl From<Point> for Pointer {
    fn from(Point { x, y }: Point) -> Self {
        Self { x, y }
    }
}

/// What a message of one slot says of another one, too.
pub fn implied(slot: Slot, message: &[u8]) -> Option<Implied> {
    match slot == WET {
        true => Some((Pointer::SLOT, Pointer::from(wet::tip(message)?).bytes())),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_not_shown() {
        let view = |width| Viewport {
            x: 1.0,
            y: 2.0,
            width,
            height: 9.0,
        };
        let pointer = |x| Pointer { x, y: -2.0 };
        assert_eq!(Pointer::read(&pointer(1.5).bytes()), Some(pointer(1.5)));
        assert_eq!(Viewport::read(&view(3.0).bytes()), Some(view(3.0)));
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Viewport::read(&view(width).bytes()), None);
        }
        assert_eq!(Pointer::read(&pointer(f64::NAN).bytes()), None);
        assert_eq!(Pointer::read(&[1]), None);
        assert_eq!(implied(WET, b"no ink"), None);
    }
}
