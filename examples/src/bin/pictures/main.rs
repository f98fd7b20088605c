//! Pictures of derivatives: secants that turn into a tangent, a field of gradients, and the paths of descent methods.
//!
//! They are written as SVG into `target/pictures`, or into the directory that is given as argument.

mod chart;
mod field;
mod paths;
mod slopes;

use std::error::Error;
use std::path::PathBuf;

use examples::report::title;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/pictures"), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    title("Pictures of derivatives");
    slopes::draw(&directory.join("slopes.svg"))?;
    field::draw(&directory.join("gradient_field.svg"))?;
    paths::draw(&directory.join("descent_paths.svg"))?;
    println!("\nThe pictures are in {}.", directory.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn pictures_are_drawn_from_numbers_that_hold() {
        let directory = std::env::temp_dir().join(format!("pictures-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        super::slopes::draw(&directory.join("slopes.svg")).unwrap();
        super::field::draw(&directory.join("gradient_field.svg")).unwrap();
        super::paths::draw(&directory.join("descent_paths.svg")).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
