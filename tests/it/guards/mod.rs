//! Guards: what documents may say of them, what plans tell, and what the program does when a real site goes down.

mod documents;
mod site;
mod typed;
