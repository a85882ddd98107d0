//! `index.html` as it is served: with one style sheet and two scripts, all of them files with a hash in their names, and
//! with the policy that lets nothing else run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::{edit, hosts::POLICY, name_of};
use crate::tools;

const BOOT: &str = "boot.js";

/// Replaces what Trunk wrote into the page of `dist`. `build` names the program's files.
pub fn finish(dist: &Path, build: &str) -> Result<()> {
    let page = dist.join("index.html");
    let text = fs::read_to_string(&page)?;
    let boot = shortened(dist, BOOT, &fs::read_to_string(dist.join(BOOT))?)?;
    fs::remove_file(dist.join(BOOT))?;
    let mut styles = String::new();
    for sheet in links(&text) {
        let sheet = dist.join(sheet?);
        styles.push_str(&fs::read_to_string(&sheet)?);
        fs::remove_file(sheet)?;
    }
    let styles = shortened(dist, "styles.css", &styles)?;
    let (before, inline) = text
        .split_once("<script type=\"module\">")
        .context("Trunk wrote no script into the page.")?;
    let (_, after) = inline
        .split_once("</script>")
        .context("The script in the page does not end.")?;
    let program =
        format!("<script type=\"module\" src=\"./duplex-{build}.js\" crossorigin></script>");
    let text = [before, &program, after].concat();
    let mut style = Some(format!("<link rel=\"stylesheet\" href=\"./{styles}\">"));
    let lines = text.lines().filter_map(|line| match is_sheet(line) {
        true => style.take(),
        false => Some(line.trim().to_owned()),
    });
    let is_said = |line: &String| !line.is_empty() && !line.starts_with("<!--");
    let lines = lines.filter(is_said).collect::<Vec<_>>();
    fs::write(&page, lines.join("\n"))?;
    edit(&page, |page| {
        page.replace(&format!("src=\"{BOOT}\""), &format!("src=\"./{boot}\""))
    })?;
    // The script stands in the head itself. Firefox calls the preload of a module that is on its way an error.
    edit(&page, |page| {
        let preload = format!(
            "<link rel=\"modulepreload\" href=\"./duplex-{build}.js\" crossorigin=\"anonymous\">"
        );
        page.replace(&preload, "")
    })?;
    edit(&page, |page| {
        let charset = "<meta charset=\"utf-8\">";
        let policy = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
        page.replace(charset, &format!("{charset}\n{policy}"))
    })
}

fn is_sheet(line: &str) -> bool {
    line.contains("rel=\"stylesheet\"")
}

/// The style sheets that a page links, in their order.
fn links(page: &str) -> impl Iterator<Item = Result<&str>> {
    page.lines().filter(|line| is_sheet(line)).map(|line| {
        let name = line
            .split_once("href=\"./")
            .and_then(|(_, name)| name.split_once('"'));
        Ok(name
            .with_context(|| format!("{line} is not as expected"))?
            .0)
    })
}

/// Writes a script or a style sheet into `dist` without comments and spaces, and gives the name of the file.
fn shortened(dist: &Path, name: &str, text: &str) -> Result<String> {
    let file = super::split::work().join(name);
    fs::write(&file, text)?;
    tools::run(
        Command::new(tools::set_up_esbuild()?)
            .args(["--minify", "--allow-overwrite", "--log-level=error"])
            .arg(format!("--outfile={}", file.display()))
            .arg(&file),
    )?;
    let text = fs::read(&file)?;
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
    let name = format!("{stem}-{}.{kind}", name_of([text.as_slice()]));
    fs::write(dist.join(&name), text)?;
    Ok(name)
}
