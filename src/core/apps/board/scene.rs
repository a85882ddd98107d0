//! All elements, found by place: an R-tree over their boxes, painted in z-order.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use kurbo::{Point, Rect, Vec2};
use rstar::{AABB, RTree, primitives::GeomWithData, primitives::Rectangle};

use super::{
    paint::{self, Fill},
    properties::Properties,
    stroke::{Stroke, Style},
    table::Drawn,
};
use crate::{core::doc::id::Id, limits::OUTLINE_POINTS};

/// A stroke of the document as it looks by now. Its samples stay in their bytes, which take a tenth of the space.
#[derive(Debug)]
pub struct Element {
    pub id: Id,
    /// Holds all of its paint.
    pub bounds: Rect,
    pub style: Style,
    z: u64,
    /// Its z is far above all others, and is therefore ignored ([`HighZ`]).
    has_invalid_z: Cell<bool>,
    /// Under the eraser, not erased yet.
    is_fading: Cell<bool>,
    drawn: Drawn,
    /// Of its samples, where they were drawn.
    drawn_bounds: Rect,
    /// How far it lies from there by now.
    translation: Vec2,
    /// A tool moves it just now, by so much; the document does not know.
    shift: Vec2,
    fill: OnceCell<Fill>,
    outlines: Outlines,
}

/// How many points of outlines a scene may still keep.
#[derive(Clone, Debug)]
struct Outlines(Rc<Cell<usize>>);

impl Default for Outlines {
    fn default() -> Self {
        Self(Rc::new(Cell::new(OUTLINE_POINTS)))
    }
}

impl Element {
    /// None for bytes that do not read, as those of a newer version; they stay in the document.
    fn of(id: Id, drawn: Drawn, outlines: &Outlines) -> Option<Self> {
        let mut stroke = Stroke::from_bytes(&drawn.ink).ok()?;
        stroke.style = drawn.properties.styled(stroke.style);
        let drawn_bounds = stroke.bounds();
        let translation = drawn.properties.translation(drawn_bounds, Vec2::ZERO);
        Some(Self {
            id,
            bounds: paint::bounds(&stroke) + translation,
            style: stroke.style,
            drawn_bounds,
            translation,
            z: stroke.z,
            has_invalid_z: Cell::new(false),
            is_fading: Cell::new(false),
            drawn,
            shift: Vec2::ZERO,
            fill: OnceCell::new(),
            outlines: outlines.clone(),
        })
    }

    /// The same, moved by `shift` from where the document has it.
    fn shifted(&self, shift: Vec2) -> Self {
        let properties = &self.drawn.properties;
        let translation = properties.translation(self.drawn_bounds, shift);
        let by = translation - self.translation;
        let moved = Self {
            id: self.id.clone(),
            bounds: self.bounds + by,
            style: self.style,
            z: self.z,
            has_invalid_z: self.has_invalid_z.clone(),
            is_fading: self.is_fading.clone(),
            drawn: self.drawn.clone(),
            drawn_bounds: self.drawn_bounds,
            translation,
            shift,
            fill: OnceCell::new(),
            outlines: self.outlines.clone(),
        };
        if let Some(fill) = self.fill.get() {
            moved.keep(Fill {
                origin: fill.origin + by,
                ..fill.clone()
            });
        }
        moved
    }

    /// As it looks by now; read anew each time.
    pub fn stroke(&self) -> Option<Stroke> {
        let mut stroke = Stroke::from_bytes(&self.drawn.ink).ok()?;
        stroke.style = self.style;
        for sample in &mut stroke.samples {
            sample.at += self.translation;
        }
        Some(stroke)
    }

    /// How far it lies from where it was drawn.
    pub fn translation(&self) -> Vec2 {
        self.translation
    }

    pub fn ink(&self) -> &Arc<[u8]> {
        &self.drawn.ink
    }

    /// As the document has them.
    pub fn properties(&self) -> &Properties {
        &self.drawn.properties
    }

    /// The outline, worked out when first painted, and kept while the scene keeps few.
    pub fn fill(&self) -> Option<Cow<'_, Fill>> {
        if let Some(fill) = self.fill.get() {
            return Some(Cow::Borrowed(fill));
        }
        let fill = paint::fill(&self.stroke()?, true);
        Some(match self.keep(fill.clone()) {
            Some(fill) => Cow::Borrowed(fill),
            None => Cow::Owned(fill),
        })
    }

    /// Keeps the outline while the scene keeps few.
    fn keep(&self, fill: Fill) -> Option<&Fill> {
        let Outlines(left) = &self.outlines;
        let fewer = left.get().checked_sub(fill.outline.len())?;
        left.set(fewer);
        Some(self.fill.get_or_init(|| fill))
    }

    /// Marked by [`Scene::fade`].
    pub fn is_fading(&self) -> bool {
        self.is_fading.get()
    }

    /// It shows what the document has.
    pub fn is_at_rest(&self) -> bool {
        !self.is_fading() && self.shift == Vec2::ZERO
    }

    /// Elements are painted in this order.
    pub fn order(&self) -> (u64, u64, &Id) {
        // Those that do not count keep the order in which they were drawn.
        (self.valid_z(), self.z, &self.id)
    }

    fn valid_z(&self) -> u64 {
        match self.has_invalid_z.get() {
            true => 0,
            false => self.z,
        }
    }
}

/// Decides which z values are valid. Pages assign z upwards from 1. A z far above all others, from a hostile peer or a
/// damaged file, would leave no room above it. So a z is valid only if it is at most [`STEP`] above the next lower
/// valid one. Strokes with an invalid z are painted below all others.
#[derive(Default)]
struct HighZ {
    /// Beyond the first step, from the lowest z to the highest: a handful, as a rule none.
    high: Vec<Rc<Element>>,
}

/// More strokes than there are in any room.
const STEP: u64 = 1 << 32;

impl HighZ {
    /// The highest z that counts, if any is beyond the first step.
    fn top(&self) -> u64 {
        let step = |top: u64, z: u64| (z - top <= STEP).then_some(z);
        let mut top = STEP;
        for element in &self.high {
            match step(top, element.z) {
                Some(z) => top = z,
                None => break,
            }
        }
        top
    }

    /// The place of an element, whether it is there or not.
    fn place(&self, element: &Element) -> usize {
        let before = |other: &Rc<Element>| (other.z, &other.id) < (element.z, &element.id);
        self.high.partition_point(before)
    }

    /// Says of each high element whether its z counts; whether any changed.
    fn validate(&self) -> bool {
        let top = self.top();
        let changed = self.high.iter().map(|element| {
            let has_invalid_z = element.z > top;
            element.has_invalid_z.replace(has_invalid_z) != has_invalid_z
        });
        changed.fold(false, |any, changed| any | changed)
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        let Outlines(left) = &self.outlines;
        left.set(left.get() + self.fill.get().map_or(0, |fill| fill.outline.len()));
    }
}

type Entry = GeomWithData<Rectangle<[f64; 2]>, Id>;

#[derive(Default)]
pub struct Scene {
    elements: HashMap<Id, Rc<Element>>,
    index: RTree<Entry>,
    /// What nothing is painted over.
    top: Option<Rc<Element>>,
    outlines: Outlines,
    high_z: HighZ,
}

impl Scene {
    /// Everything at once that reads: the R-tree is packed, which is faster and better than one by one.
    pub fn of(drawn: impl IntoIterator<Item = (Id, Drawn)>) -> Self {
        let outlines = Outlines::default();
        let elements: HashMap<Id, Rc<Element>> = drawn
            .into_iter()
            .filter_map(|(id, drawn)| {
                Some((id.clone(), Rc::new(Element::of(id, drawn, &outlines)?)))
            })
            .collect();
        let mut scene = Self {
            outlines,
            top: None,
            index: RTree::bulk_load(elements.values().map(|e| entry(e)).collect()),
            elements,
            high_z: HighZ::default(),
        };
        // Every z is still taken as valid.
        let mut high = scene.in_order();
        high.retain(|element| element.z > STEP);
        scene.high_z.high = high;
        scene.high_z.validate();
        scene.top = topmost(&scene.elements);
        scene
    }

    /// Puts a stroke in, in place of one with the same id; none if it does not read.
    pub fn insert(&mut self, id: Id, drawn: Drawn) -> Option<Rc<Element>> {
        self.remove(&id);
        let element = Rc::new(Element::of(id.clone(), drawn, &self.outlines)?);
        self.index.insert(entry(&element));
        if element.z > STEP {
            let at = self.high_z.place(&element);
            self.high_z.high.insert(at, Rc::clone(&element));
            self.elements.insert(id.clone(), Rc::clone(&element));
            if self.high_z.validate() {
                self.top = topmost(&self.elements);
            }
        }
        let top = self.top.as_ref();
        if top.is_none_or(|top| top.order() <= element.order()) {
            self.top = Some(Rc::clone(&element));
        }
        self.elements.insert(id, Rc::clone(&element));
        Some(element)
    }

    /// The document has other properties of an element; gives the boxes to paint anew, where it was and where it is.
    pub fn restyle(&mut self, id: &Id, properties: Properties) -> Option<[Rect; 2]> {
        let old = self.elements.get(id)?;
        let drawn = Drawn {
            ink: Arc::clone(old.ink()),
            properties,
        };
        let element = Element::of(id.clone(), drawn, &self.outlines)?;
        // Its order is its ink's.
        element.has_invalid_z.set(old.has_invalid_z.get());
        element.is_fading.set(old.is_fading());
        let shift = old.shift;
        Some(self.replace(match shift == Vec2::ZERO {
            true => element,
            false => element.shifted(shift),
        }))
    }

    /// Shows an element elsewhere than the document has it; gives the boxes to paint anew.
    pub fn shift(&mut self, id: &Id, by: Vec2) -> Option<[Rect; 2]> {
        let shifted = self.elements.get(id)?.shifted(by);
        Some(self.replace(shifted))
    }

    /// Puts another look of the same ink in the place of the one that is there.
    fn replace(&mut self, element: Element) -> [Rect; 2] {
        let element = Rc::new(element);
        let old = self
            .elements
            .insert(element.id.clone(), Rc::clone(&element));
        let before = old.as_ref().map_or(element.bounds, |old| old.bounds);
        if let Some(old) = old.filter(|old| old.bounds != element.bounds) {
            self.index.remove(&entry(&old));
            self.index.insert(entry(&element));
        }
        let high = self.high_z.place(&element);
        let high = self.high_z.high.get_mut(high);
        if let Some(high) = high.filter(|high| high.id == element.id) {
            *high = Rc::clone(&element);
        }
        if let Some(top) = self.top.as_mut().filter(|top| top.id == element.id) {
            *top = Rc::clone(&element);
        }
        [before, element.bounds]
    }

    /// Goes on showing what tools do with elements just now: `old` was the scene before.
    pub fn go_on(&mut self, old: &Self) {
        for (id, element) in &old.elements {
            if element.is_fading() {
                self.fade(id, true);
            }
            if element.shift != Vec2::ZERO {
                self.shift(id, element.shift);
            }
        }
    }

    /// Takes a stroke out; gives the box to paint anew.
    pub fn remove(&mut self, id: &Id) -> Option<Rect> {
        let element = self.elements.remove(id)?;
        self.index.remove(&entry(&element));
        if element.z > STEP {
            self.high_z.high.remove(self.high_z.place(&element));
            if self.high_z.validate() {
                self.top = topmost(&self.elements);
            }
        }
        if self.top.as_ref().is_some_and(|top| top.id == *id) {
            self.top = topmost(&self.elements);
        }
        Some(element.bounds)
    }

    pub fn get(&self, id: &Id) -> Option<&Rc<Element>> {
        self.elements.get(id)
    }

    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// What nothing is painted over.
    pub fn top(&self) -> Option<Rc<Element>> {
        self.top.clone()
    }

    /// The z of the next stroke.
    pub fn next_z(&self) -> u64 {
        let top = self.top.as_ref();
        top.map_or(1, |top| top.valid_z().saturating_add(1))
    }

    /// What may show in `area`, in painting order.
    pub fn within(&self, area: Rect) -> Vec<Rc<Element>> {
        let envelope = AABB::from_corners([area.x0, area.y0], [area.x1, area.y1]);
        let found = self.index.locate_in_envelope_intersecting(&envelope);
        in_order(found.filter_map(|entry| self.elements.get(&entry.data)))
    }

    /// Whether anything may show in `area`.
    pub fn has_any_in(&self, area: Rect) -> bool {
        let envelope = AABB::from_corners([area.x0, area.y0], [area.x1, area.y1]);
        let mut found = self.index.locate_in_envelope_intersecting(&envelope);
        found.next().is_some()
    }

    /// All elements in painting order.
    pub fn in_order(&self) -> Vec<Rc<Element>> {
        in_order(self.elements.values())
    }

    /// The strokes that a round eraser meets on its way from `a` to `b`.
    pub fn touched(&self, a: Point, b: Point, radius: f64) -> Vec<Id> {
        let area = Rect::from_points(a, b).inflate(radius, radius);
        let near = self.within(area).into_iter();
        let is_touched = |stroke: Stroke| paint::is_touched(&stroke, a, b, radius);
        near.filter(|e| e.stroke().is_some_and(is_touched))
            .map(|e| e.id.clone())
            .collect()
    }

    /// The box around everything, if there is anything.
    pub fn bounds(&self) -> Option<Rect> {
        let envelope = self.index.root().envelope();
        let ([x0, y0], [x1, y1]) = (envelope.lower(), envelope.upper());
        (!self.is_empty()).then_some(Rect::new(x0, y0, x1, y1))
    }

    /// Marks a stroke as about to be erased, or no longer; gives the box to paint anew if that is news.
    pub fn fade(&mut self, id: &Id, fade: bool) -> Option<Rect> {
        let element = self.elements.get(id)?;
        let is_news = element.is_fading.replace(fade) != fade;
        is_news.then_some(element.bounds)
    }
}

fn in_order<'a>(elements: impl Iterator<Item = &'a Rc<Element>>) -> Vec<Rc<Element>> {
    let mut elements: Vec<_> = elements.cloned().collect();
    elements.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    elements
}

fn topmost(elements: &HashMap<Id, Rc<Element>>) -> Option<Rc<Element>> {
    let all = elements.values();
    all.max_by(|a, b| a.order().cmp(&b.order())).cloned()
}

fn entry(element: &Element) -> Entry {
    let Rect { x0, y0, x1, y1 } = element.bounds;
    Entry::new(
        Rectangle::from_corners([x0, y0], [x1, y1]),
        element.id.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::stroke::tests as stroke, *};

    fn line(z: u64, x: f64, y: f64) -> Drawn {
        stroke::line(z, Point::new(x, y), 50.0).into()
    }

    fn id(n: u64) -> Id {
        Id::parse(&n.to_string()).unwrap()
    }

    #[test]
    fn the_index_finds_what_a_scan_finds_in_painting_order() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut scene =
            Scene::of((0..200).map(|n| (id(n), line(n % 7, rng.f64() * 1e3, rng.f64() * 1e3))));
        for n in 200..400 {
            scene.insert(id(n), line(n % 5, rng.f64() * 1e3, rng.f64() * 1e3));
        }
        for n in (0..400).step_by(3) {
            assert!(scene.remove(&id(n)).is_some());
        }
        for _ in 0..50 {
            let at = Point::new(rng.f64() * 1e3, rng.f64() * 1e3);
            let area = Rect::from_points(at, at).inflate(80.0, 60.0);
            let mut scanned: Vec<_> = scene
                .elements
                .values()
                .filter(|e| e.bounds.overlaps(area))
                .map(|e| (e.z, e.id.clone()))
                .collect();
            scanned.sort();
            let found: Vec<_> = scene
                .within(area)
                .iter()
                .map(|e| (e.z, e.id.clone()))
                .collect();
            assert_eq!(found, scanned);
        }
        assert_eq!(scene.in_order().len(), scene.len());
    }

    #[test]
    fn the_top_and_the_next_z_are_known() {
        let mut scene = Scene::default();
        assert_eq!(scene.next_z(), 1);
        let top = scene.insert(id(1), line(5, 0.0, 0.0)).unwrap();
        scene.insert(id(2), line(4, 0.0, 0.0)).unwrap();
        assert_eq!(scene.top().unwrap().id, top.id);
        assert_eq!(scene.next_z(), 6);
    }

    #[test]
    fn a_stroke_far_above_all_others_does_not_spoil_their_order() {
        for spoilt in [
            &[u64::MAX][..],
            &[u64::MAX - 5, u64::MAX],
            &[2 * STEP + 1],
            &[STEP, STEP + 1, 3 * STEP + 2],
            &[u64::MAX, STEP, u64::MAX],
        ] {
            let mut scene = Scene::of((0..3).map(|n| (id(n), line(n + 1, 0.0, 0.0))));
            for (n, &z) in spoilt.iter().enumerate() {
                scene.insert(id(100 + n as u64), line(z, 0.0, 0.0)).unwrap();
            }
            // What is drawn from now on lies on top, in its order.
            for n in (10..30).rev() {
                let z = scene.next_z();
                let drawn = scene.insert(id(n), line(z, 0.0, 0.0)).unwrap();
                assert_eq!(scene.top().unwrap().id, drawn.id, "{spoilt:?}");
            }
            // Whoever opens the room later sees the same.
            let order = |scene: &Scene| -> Vec<_> {
                scene
                    .in_order()
                    .iter()
                    .map(|element| element.id.clone())
                    .collect()
            };
            let inks = scene
                .elements
                .values()
                .map(|e| (e.id.clone(), e.drawn.clone()));
            assert_eq!(order(&Scene::of(inks)), order(&scene));
            for n in 0..spoilt.len() {
                scene.remove(&id(100 + n as u64));
            }
            assert!(
                scene
                    .high_z
                    .high
                    .iter()
                    .all(|element| scene.get(&element.id).is_some())
            );
            assert_eq!(scene.top().unwrap().id, id(10));
        }
    }

    /// A stroke far above the others, strokes drawn above it, and the first one removed.
    #[test]
    fn strokes_keep_their_order_when_what_they_were_drawn_above_goes() {
        for base in [STEP, 2 * STEP, 2 * STEP - 1] {
            let mut scene = Scene::of((0..3).map(|n| (id(n), line(n + 1, 0.0, 0.0))));
            scene.insert(id(100), line(base, 0.0, 0.0)).unwrap();
            let drawn: Vec<_> = [27, 13, 21, 18].map(id).into();
            for id in &drawn {
                let z = scene.next_z();
                scene.insert(id.clone(), line(z, 0.0, 0.0)).unwrap();
            }
            scene.remove(&id(100));
            let mut order: Vec<_> = scene.in_order().iter().map(|e| e.id.clone()).collect();
            order.retain(|id| drawn.contains(id));
            assert_eq!(order, drawn, "above {base}");
        }
    }

    #[test]
    fn outlines_are_kept_while_they_are_few() {
        let mut scene = Scene::default();
        let first = scene.insert(id(1), line(1, 0.0, 0.0)).unwrap();
        assert!(matches!(first.fill(), Some(Cow::Borrowed(_))));
        let Outlines(left) = scene.outlines.clone();
        assert!(left.get() < OUTLINE_POINTS);
        left.set(3);
        let second = scene.insert(id(2), line(2, 0.0, 0.0)).unwrap();
        assert!(matches!(second.fill(), Some(Cow::Owned(_))));
        let points = first.fill().unwrap().outline.len();
        scene.remove(&id(1));
        drop(first);
        assert_eq!(left.get(), points + 3);
        assert!(matches!(second.fill(), Some(Cow::Borrowed(_))));
        assert!(
            scene
                .insert(id(3), Arc::<[u8]>::from([9, 9]).into())
                .is_none(),
            "no stroke"
        );
    }

    #[test]
    fn fading_marks_until_erased() {
        let mut scene = Scene::default();
        scene.insert(id(1), line(1, 0.0, 0.0));
        assert!(scene.fade(&id(1), true).is_some());
        assert!(scene.fade(&id(1), true).is_none());
        assert!(scene.get(&id(1)).unwrap().is_fading());
        scene.remove(&id(1));
        assert!(scene.get(&id(1)).is_none());
        assert_eq!(scene.bounds(), None);
        // Whoever brings it back does not find it marked.
        scene.insert(id(1), line(1, 0.0, 0.0));
        assert!(!scene.get(&id(1)).unwrap().is_fading());
    }
}
