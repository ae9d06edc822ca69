//! Faults that a value has beyond its shape, such as a wrong combination of options, collected with
//! the path of the field that has them.

/// Collects the faults of one value.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    path: Vec<String>,
    faults: Vec<(String, String)>,
}

impl Checks {
    /// Notes what is wrong with the value that is looked at, and the mend.
    pub fn fault(&mut self, message: impl Into<String>) {
        self.faults.push((self.path.join("."), message.into()));
    }

    /// Looks at a field of the value.
    pub fn field<T>(&mut self, name: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let seen = look(self);
        self.path.pop();
        seen
    }

    /// Looks at an element of the list that is looked at.
    pub fn element<T>(&mut self, index: usize, look: impl FnOnce(&mut Self) -> T) -> T {
        let list = self.path.pop();
        let element = format!("{}[{index}]", list.as_deref().unwrap_or_default());
        let seen = self.field(&element, look);
        self.path.extend(list);
        seen
    }

    /// Every fault: the path of the field, such as `lifecycle.rules[0].id`, and the message.
    pub fn into_faults(self) -> Vec<(String, String)> {
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_knows_its_path() {
        let mut checks = Checks::default();
        checks.field("lifecycle", |checks| {
            checks.field("rules", |checks| {
                checks.element(1, |checks| {
                    checks.field("id", |checks| checks.fault("stands twice"));
                });
                checks.fault("too many");
            });
        });
        checks.fault("empty");
        let wanted = [
            ("lifecycle.rules[1].id", "stands twice"),
            ("lifecycle.rules", "too many"),
            ("", "empty"),
        ];
        let wanted = wanted.map(|(path, message)| (path.to_owned(), message.to_owned()));
        assert_eq!(checks.into_faults(), wanted);
    }
}
