//! Style sheets that come with chunks. They are constructed, because the page's content security policy allows no
//! `<style>` elements.

use std::cell::RefCell;

use js_sys::{Array, Reflect};
use web_sys::{CssStyleSheet, window};

const ADOPTED: &str = "adoptedStyleSheets";

thread_local! {
    static HERE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Adds a sheet to the page, unless it is there.
pub fn adopt(css: &'static str) {
    let is_here = HERE.with_borrow_mut(|here| {
        let is_here = here.iter().any(|other| std::ptr::eq(*other, css));
        if !is_here {
            here.push(css);
        }
        is_here
    });
    if !is_here {
        // `public/boot.js` refuses browsers that cannot do it.
        let _ = add(css);
    }
}

fn add(css: &str) -> Option<()> {
    let document = window()?.document()?;
    let sheet = CssStyleSheet::new().ok()?;
    sheet.replace_sync(css).ok()?;
    let sheets = Array::from(&Reflect::get(&document, &ADOPTED.into()).ok()?);
    sheets.push(&sheet);
    Reflect::set(&document, &ADOPTED.into(), &sheets).ok()?;
    Some(())
}
