//! Everything that is done *to* Duplex: setting up a machine, building, serving, testing, measuring.
//!
//! | module | does |
//! |---|---|
//! | [`tools`] | pins, finds and installs what is needed |
//! | [`site`] | builds `dist/` and serves it |
//! | [`relay`] | the embedded relay, with faults on demand |
//! | [`browser`] | drives real browsers over WebDriver |
//! | [`process`] | starts other people's servers |
//! | [`suite`] | runs every test and counts |
//! | [`bench`] | measures, and prints tables |
//! | [`icons`] | paints the icons of the installed app |
//! | [`shots`] | takes pictures of the app in use |

pub mod bench;
pub mod browser;
pub mod icons;
pub mod process;
pub mod relay;
pub mod shots;
pub mod site;
pub mod suite;
pub mod tools;

use std::path::PathBuf;

/// The repository's root.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}
