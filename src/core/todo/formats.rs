//! The list as JSON: `[{ "id", "title", "completed" }]` in list order.

use serde::{Deserialize, Serialize};

use super::list::List;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedItem {
    /// Where it is missing or no good id, the item gets a new one.
    #[serde(default)]
    pub id: Option<String>,
    pub title: String,
    #[serde(default)]
    pub completed: bool,
}

pub fn export(list: &List) -> Vec<ListedItem> {
    let listed = list.items.iter().map(|item| ListedItem {
        id: Some(item.id.as_str().to_owned()),
        title: item.title.clone(),
        completed: item.completed,
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{doc::replica::Replica, peer::PeerId};

    #[test]
    fn a_list_comes_back_and_merging_it_again_changes_nothing() {
        let mut replica = Replica::new(PeerId::FIRST);
        let mut rng = fastrand::Rng::with_seed(1);
        let json =
            r#"[{"title":"milk"},{"id":"x","title":"bread","completed":true},{"title":" "}]"#;
        let items: Vec<ListedItem> = serde_json::from_str(json).unwrap();
        replica.write(&List::of(replica.todos()).merge(&items, &mut rng));
        let list = List::of(replica.todos());
        let exported = export(&list);
        assert_eq!(exported.len(), 2);
        assert_eq!(
            exported[1],
            ListedItem {
                id: Some("x".into()),
                title: "bread".into(),
                completed: true
            }
        );
        assert!(replica.write(&list.merge(&exported, &mut rng)).is_none());
    }
}
