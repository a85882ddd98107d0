//! Which items are shown.

use super::item::Item;

/// Its name in links.
pub const PARAMETER: &str = "filter";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    Active,
    Completed,
}

impl Filter {
    pub const EACH: [Self; 3] = [Self::All, Self::Active, Self::Completed];

    /// As it stands in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Active => "active",
            Self::Completed => "completed",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Active => "Active",
            Self::Completed => "Completed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|filter| filter.name() == name)
    }

    pub fn shows(self, item: &Item) -> bool {
        match self {
            Self::All => true,
            Self::Active => !item.completed,
            Self::Completed => item.completed,
        }
    }
}
