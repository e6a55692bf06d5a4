#[derive(Debug)]
pub(crate) struct Family;
