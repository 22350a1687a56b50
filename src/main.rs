fn main() {
    print!("{}", kiennghi::http::openapi::as_file().unwrap());
}
