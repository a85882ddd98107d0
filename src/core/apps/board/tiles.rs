//! Which squares of dry ink are painted, kept and shown. A tile is painted once and then only copied while the view
//! pans; while it zooms, the tiles at hand are shown scaled, and new ones are painted when the zoom rests.
//!
//! The host owns the pixels: it keeps a canvas per [`TileKey`] and does what [`Plan`] says.

use kurbo::{Point, Rect, Size, Vec2};

use super::camera::Camera;
use crate::limits::Millis;

/// Device pixels of a tile's side.
pub const TILE_PX: f64 = 512.0;
/// A zoom that has not changed for this long is at rest.
const ZOOM_RESTS_MS: Millis = 120;
/// Tiles kept beyond those in view: at 1 MiB each, a phone's canvas memory holds them.
const SPARE_TILES: usize = 48;

/// A tile's place in the grid of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileKey {
    layer: u32,
    col: i32,
    row: i32,
}

/// What the screen shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub camera: Camera,
    /// CSS pixels.
    pub size: Size,
    /// Device pixels of a CSS pixel.
    pub dpr: f64,
}

impl View {
    /// Device pixels of a board unit.
    pub fn scale(&self) -> f64 {
        self.camera.zoom * self.dpr
    }

    /// Where the board's origin falls, on whole device pixels, so that tiles are copied without blur and wet ink
    /// dries in place.
    pub fn origin_px(&self) -> Point {
        let origin = self.camera.origin.to_vec2() * -self.scale();
        Point::new(origin.x.round(), origin.y.round())
    }

    pub fn size_px(&self) -> Size {
        (self.size * self.dpr).round()
    }
}

/// Copy a tile to a square of the screen, in device pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blit {
    pub key: TileKey,
    pub at: Point,
    pub side: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// To be painted, the most central first; call [`Tiles::built`] for each. Whoever runs out of time goes on in
    /// the next frame.
    pub build: Vec<TileKey>,
    /// Canvases that are not needed any more.
    pub drop: Vec<TileKey>,
    /// Plan again at this moment even if nothing happens.
    pub again_at: Option<Millis>,
}

#[derive(Debug)]
struct Layer {
    number: u32,
    scale: f64,
    tiles: Vec<Tile>,
}

#[derive(Debug)]
struct Tile {
    place: (i32, i32),
    stale: bool,
    used: u64,
}

#[derive(Debug, Default)]
pub struct Tiles {
    front: Option<Layer>,
    /// The last zoom's tiles, shown until the front is complete.
    back: Option<Layer>,
    layers: u32,
    plans: u64,
    /// The scale that the view wants, and since when.
    wanted: Option<(f64, Millis)>,
    dropped: Vec<TileKey>,
}

impl Layer {
    fn key(&self, (col, row): (i32, i32)) -> TileKey {
        TileKey {
            layer: self.number,
            col,
            row,
        }
    }

    fn tile(&self, place: (i32, i32)) -> Option<&Tile> {
        self.tiles.iter().find(|tile| tile.place == place)
    }

    fn tile_mut(&mut self, place: (i32, i32)) -> Option<&mut Tile> {
        self.tiles.iter_mut().find(|tile| tile.place == place)
    }

    fn keys(&self) -> impl Iterator<Item = TileKey> {
        self.tiles.iter().map(|tile| self.key(tile.place))
    }

    /// The grid places that overlap `area`.
    fn places(&self, area: Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
        let step = TILE_PX / self.scale;
        let span = |from: f64, to: f64| {
            (from / step).floor() as i32..=((to / step).ceil() as i32).saturating_sub(1)
        };
        let rows = span(area.y0, area.y1);
        span(area.x0, area.x1).flat_map(move |col| rows.clone().map(move |row| (col, row)))
    }

    fn area(&self, (col, row): (i32, i32)) -> Rect {
        let step = TILE_PX / self.scale;
        Rect::from_origin_size((f64::from(col) * step, f64::from(row) * step), (step, step))
    }

    fn blits(&self, view: &View, visible: Rect) -> Vec<Blit> {
        let side = TILE_PX * view.scale() / self.scale;
        let origin = view.origin_px();
        let places = self.tiles.iter().map(|tile| tile.place);
        places
            .filter(|&place| self.area(place).overlaps(visible))
            .map(|(col, row)| Blit {
                key: self.key((col, row)),
                at: origin + Vec2::new(f64::from(col), f64::from(row)) * side,
                side,
            })
            .collect()
    }
}

impl Tiles {
    /// What to paint and drop for this view. [`Self::blits`] says what to copy, once that is done.
    pub fn plan(&mut self, now: Millis, view: &View) -> Plan {
        self.plans += 1;
        let visible = self.visible(view);
        let again_at = self.settle(now, view.scale());
        let (mut build, mut seen) = (Vec::new(), 0);
        if let Some(front) = &mut self.front
            && front.scale == view.scale()
        {
            for place in front.places(visible) {
                seen += 1;
                let tile = front.tile_mut(place);
                if tile.as_ref().is_none_or(|tile| tile.stale) {
                    build.push(place);
                }
                if let Some(tile) = tile {
                    tile.used = self.plans;
                }
            }
            let from_centre = |place| (front.area(place).center() - visible.center()).hypot2();
            build = smallest_first(build, |place| from_centre(place) as u64);
            if build.is_empty() {
                self.drop_back();
            }
        }
        self.shed(seen);
        let front = self.front.as_ref();
        Plan {
            build: front.map_or_else(Vec::new, |front| {
                build.into_iter().map(|place| front.key(place)).collect()
            }),
            drop: std::mem::take(&mut self.dropped),
            again_at,
        }
    }

    /// What to copy to the screen, back to front.
    pub fn blits(&self, view: &View) -> Vec<Blit> {
        let visible = self.visible(view);
        let layers = [&self.back, &self.front].into_iter().flatten();
        layers
            .flat_map(|layer| layer.blits(view, visible))
            .collect()
    }

    /// Exactly what the snapped view shows, as board coordinates.
    fn visible(&self, view: &View) -> Rect {
        let (origin, size, scale) = (view.origin_px(), view.size_px(), view.scale());
        Rect::from_origin_size(
            (-origin.x / scale, -origin.y / scale),
            (size.width / scale, size.height / scale),
        )
    }

    /// Starts a layer for a scale that has come to rest; otherwise says when it will have.
    fn settle(&mut self, now: Millis, scale: f64) -> Option<Millis> {
        let front = self.front.as_ref().filter(|front| !front.tiles.is_empty());
        if self
            .front
            .as_ref()
            .is_some_and(|front| front.scale == scale)
        {
            self.wanted = None;
            return None;
        }
        let since = match self.wanted {
            Some((wanted, since)) if wanted == scale => since,
            _ => now,
        };
        self.wanted = Some((scale, since));
        if front.is_some() && now < since + ZOOM_RESTS_MS {
            return Some(since + ZOOM_RESTS_MS);
        }
        self.wanted = None;
        self.layers = self.layers.wrapping_add(1);
        let new = Layer {
            number: self.layers,
            scale,
            tiles: Vec::new(),
        };
        if let Some(old) = self.front.replace(new)
            && !old.tiles.is_empty()
        {
            self.drop_back();
            self.back = Some(old);
        }
        None
    }

    fn drop_back(&mut self) {
        if let Some(back) = self.back.take() {
            self.dropped.extend(back.keys());
        }
    }

    fn shed(&mut self, shown: usize) {
        let Some(front) = &mut self.front else { return };
        let surplus = front.tiles.len().saturating_sub(shown + SPARE_TILES);
        if surplus == 0 {
            return;
        }
        let places = front.tiles.iter().map(|tile| tile.place).collect();
        let by_use = smallest_first(places, |place| {
            front.tile(place).map_or(0, |tile| tile.used)
        });
        for place in by_use.into_iter().take(surplus) {
            front.tiles.retain(|tile| tile.place != place);
            self.dropped.push(front.key(place));
        }
    }

    /// The part of the board that a tile shows; none for a tile of a layer that is gone.
    pub fn area(&self, key: TileKey) -> Option<Rect> {
        let front = self
            .front
            .as_ref()
            .filter(|front| front.number == key.layer)?;
        Some(front.area((key.col, key.row)))
    }

    /// The tile's canvas shows what [`Self::area`] holds now.
    pub fn built(&mut self, key: TileKey) {
        if let Some(front) = self
            .front
            .as_mut()
            .filter(|front| front.number == key.layer)
        {
            let tile = Tile {
                place: (key.col, key.row),
                stale: false,
                used: self.plans,
            };
            front.tiles.retain(|other| other.place != tile.place);
            front.tiles.push(tile);
        }
    }

    /// Something inside `area` changed: tiles that show it are painted anew when they are seen.
    pub fn damaged(&mut self, area: Rect) {
        for place in self.painted(area) {
            if let Some(tile) = self.front.as_mut().and_then(|front| front.tile_mut(place)) {
                tile.stale = true;
            }
        }
        self.drop_back();
    }

    /// The finished tiles that show `area`: a stroke on top of all others can be added to them as they are.
    pub fn fresh(&self, area: Rect) -> Vec<TileKey> {
        let Some(front) = &self.front else {
            return Vec::new();
        };
        let places = self.painted(area).into_iter();
        places
            .filter(|&place| front.tile(place).is_some_and(|tile| !tile.stale))
            .map(|place| front.key(place))
            .collect()
    }

    fn painted(&self, area: Rect) -> Vec<(i32, i32)> {
        let Some(front) = &self.front else {
            return Vec::new();
        };
        let overlaps = |&place: &(i32, i32)| front.area(place).overlaps(area);
        front
            .tiles
            .iter()
            .map(|tile| tile.place)
            .filter(overlaps)
            .collect()
    }

    /// Forgets every tile: the colours or the pixels' size changed.
    pub fn clear(&mut self) {
        self.drop_back();
        if let Some(front) = self.front.take() {
            self.dropped.extend(front.keys());
        }
    }
}

fn smallest_first(places: Vec<(i32, i32)>, measure: impl Fn((i32, i32)) -> u64) -> Vec<(i32, i32)> {
    let mut measured: Vec<_> = places
        .into_iter()
        .map(|place| (measure(place), place))
        .collect();
    measured.sort_unstable();
    measured.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(x: f64, y: f64, zoom: f64) -> View {
        View {
            camera: Camera::new(x, y, zoom).unwrap(),
            size: Size::new(1_000.0, 700.0),
            dpr: 1.0,
        }
    }

    fn build_all(tiles: &mut Tiles, now: Millis, view: &View) -> usize {
        let keys = tiles.plan(now, view).build;
        keys.iter().for_each(|&key| tiles.built(key));
        keys.len()
    }

    #[test]
    fn tiles_cover_the_view_without_gaps() {
        let mut tiles = Tiles::default();
        for (x, y, zoom) in [(0.0, 0.0, 1.0), (-333.3, 77.7, 0.37), (1e5, -1e5, 2.2)] {
            let view = view(x, y, zoom);
            build_all(&mut tiles, 0, &view);
            build_all(&mut tiles, 1_000, &view);
            assert!(tiles.plan(2_000, &view).build.is_empty());
            let blits = tiles.blits(&view);
            let covered: f64 = blits
                .iter()
                .map(|b| Rect::from_origin_size(b.at, (b.side, b.side)))
                .map(|r| r.intersect(Rect::new(0.0, 0.0, 1_000.0, 700.0)).area())
                .sum();
            assert!((covered - 700_000.0).abs() < 1.0, "{covered}");
            assert!(
                blits
                    .iter()
                    .all(|b| b.at.x.fract() == 0.0 && b.side == TILE_PX)
            );
        }
    }

    #[test]
    fn panning_paints_only_what_comes_into_view() {
        let mut tiles = Tiles::default();
        assert_eq!(build_all(&mut tiles, 0, &view(0.0, 0.0, 1.0)), 4);
        assert_eq!(build_all(&mut tiles, 1, &view(20.0, 0.0, 1.0)), 0);
        assert_eq!(build_all(&mut tiles, 2, &view(100.0, 0.0, 1.0)), 2);
    }

    #[test]
    fn zooming_scales_what_is_there_until_it_rests() {
        let mut tiles = Tiles::default();
        build_all(&mut tiles, 0, &view(0.0, 0.0, 1.0));
        let plan = tiles.plan(10, &view(0.0, 0.0, 2.0));
        assert!(plan.build.is_empty());
        assert_eq!(plan.again_at, Some(10 + ZOOM_RESTS_MS));
        assert_eq!(tiles.blits(&view(0.0, 0.0, 2.0))[0].side, 2.0 * TILE_PX);
        let plan = tiles.plan(10 + ZOOM_RESTS_MS, &view(0.0, 0.0, 2.0));
        assert!(!plan.build.is_empty());
        assert!(
            !tiles.blits(&view(0.0, 0.0, 2.0)).is_empty(),
            "the old tiles stay in view"
        );
        plan.build.iter().for_each(|&key| tiles.built(key));
        let plan = tiles.plan(500, &view(0.0, 0.0, 2.0));
        assert_eq!(plan.drop.len(), 4);
        assert!(
            tiles
                .blits(&view(0.0, 0.0, 2.0))
                .iter()
                .all(|b| b.side == TILE_PX)
        );
    }

    #[test]
    fn damage_makes_only_its_tiles_stale() {
        let mut tiles = Tiles::default();
        build_all(&mut tiles, 0, &view(0.0, 0.0, 1.0));
        let area = Rect::new(10.0, 10.0, 20.0, 20.0);
        assert_eq!(tiles.fresh(area).len(), 1);
        tiles.damaged(area);
        assert!(tiles.fresh(area).is_empty());
        assert_eq!(build_all(&mut tiles, 1, &view(0.0, 0.0, 1.0)), 1);
    }

    #[test]
    fn tiles_out_of_view_are_dropped_in_the_end() {
        let mut tiles = Tiles::default();
        let (mut built, mut dropped) = (0, 0);
        for step in 0..200 {
            let view = view(f64::from(step) * 400.0, 0.0, 1.0);
            let plan = tiles.plan(0, &view);
            built += plan.build.len();
            dropped += plan.drop.len();
            plan.build.iter().for_each(|&key| tiles.built(key));
        }
        assert!(
            built - dropped <= SPARE_TILES + 8,
            "{built} built, {dropped} dropped"
        );
    }
}
