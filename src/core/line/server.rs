//! What kind of server is at the other end: to whom it passes on what, and what frames it takes. A dialect finds it out.

use serde::{Deserialize, Serialize};

use crate::{
    core::wire::{codec::Shape, envelope::Form},
    limits::FRAME_BYTES,
};

/// To whom a server passes a frame on, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// To nobody.
    None,
    #[serde(rename = "self")]
    SelfOnly,
    Others,
    All,
    #[default]
    Unknown,
}

impl Audience {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfOnly => "self",
            Self::Others => "others",
            Self::All => "all",
            Self::Unknown => "unknown",
        }
    }

    pub(in crate::core::line) fn of(own: bool, others: bool) -> Self {
        match (own, others) {
            (true, true) => Self::All,
            (true, false) => Self::SelfOnly,
            (false, true) => Self::Others,
            (false, false) => Self::None,
        }
    }

    /// Whether two machines can meet.
    pub fn connects(self) -> bool {
        matches!(self, Self::Others | Self::All)
    }

    /// Whether two machines may meet, as far as is known.
    pub fn may_connect(self) -> bool {
        self.connects() || self == Self::Unknown
    }
}

/// What is known of a server, for as much as a line has to know. What is learned of one is remembered by its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub audience: Audience,
    /// Our own frames come back.
    #[serde(default)]
    pub echoes: bool,
    /// A binary frame came back as it was.
    pub binary: bool,
    /// Text comes back as binary.
    pub flips: bool,
    /// Something stands around what comes back.
    pub decorates: bool,
    /// Spaces at the ends are cut off.
    pub trims: bool,
    /// Several messages come in one frame.
    pub joins: bool,
    /// The server speaks first.
    pub greets: bool,
    /// Bytes of one frame, at most.
    pub frame_bytes: usize,
    /// Of the first probe that came back.
    pub rtt_ms: Option<u32>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            audience: Audience::Unknown,
            echoes: false,
            binary: false,
            flips: false,
            decorates: false,
            trims: false,
            joins: false,
            greets: false,
            frame_bytes: FRAME_BYTES,
            rtt_ms: None,
        }
    }
}

impl Server {
    pub fn shape(&self) -> Shape {
        Shape {
            form: match self.binary {
                true => Form::Binary,
                false => Form::Text,
            },
            frame_bytes: self.frame_bytes,
        }
    }

    /// Frames of ours, or of others in this room, came over this server's connection after all. Our own say nothing of
    /// whether others get them.
    pub fn noticed(&mut self, own: bool, others: bool) {
        self.echoes |= own;
        let others = others || self.audience.connects();
        if others || self.audience != Audience::Unknown {
            self.audience = Audience::of(self.echoes, others);
        }
    }

    /// Whether it is worth remembering: what connects nobody today may be mended tomorrow.
    pub fn is_worth_keeping(&self) -> bool {
        self.audience.connects()
    }
}
