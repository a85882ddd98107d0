//! The elements that a person has chosen to work on.

use kurbo::Rect;

use super::{scene::Scene, stroke::Style};
use crate::core::doc::id::Id;

#[derive(Debug, Default)]
pub struct Selection {
    ids: Vec<Id>,
    marks: Marks,
}

/// What is shown of it, in board units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Marks {
    /// Around all that is selected.
    pub frame: Option<Rect>,
    /// That is being drawn around elements.
    pub marquee: Option<Rect>,
}

impl Selection {
    pub fn has(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }

    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.ids.iter()
    }

    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// These are selected from now on, and no others.
    pub fn set(&mut self, scene: &Scene, ids: impl IntoIterator<Item = Id>) {
        self.ids = ids.into_iter().collect();
        self.follow(scene);
    }

    /// Shows `marquee` and selects the elements inside it. None hides it, and keeps the selection.
    pub fn draw_around(&mut self, scene: &Scene, marquee: Option<Rect>) {
        self.marks.marquee = marquee;
        if let Some(area) = marquee {
            let near = scene.within(area).into_iter();
            let within = near.filter(|element| area.contains_rect(element.bounds));
            self.set(scene, within.map(|element| element.id.clone()));
        }
    }

    /// Elements came, changed or went.
    pub fn follow(&mut self, scene: &Scene) {
        self.ids.retain(|id| scene.get(id).is_some());
        let elements = self.ids.iter().filter_map(|id| scene.get(id));
        let frames = elements.map(|element| element.bounds);
        self.marks.frame = frames.reduce(|all, bounds| all.union(bounds));
    }

    /// The style of the first selected element, which stands for all of them.
    pub fn style(&self, scene: &Scene) -> Option<Style> {
        let first = self.ids.first()?;
        Some(scene.get(first)?.style)
    }
}
