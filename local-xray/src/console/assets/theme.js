// Light or dark as the user wants it: the rules that ask for one are told.
// It runs before the page is drawn, so that nothing flashes.
const stored = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(key);
    localStorage.setItem(key, value);
  } catch {
    // Nothing may be kept here.
  }
};
const theme = {
  system: () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
  get: () => stored('theme') || theme.system(),
  set(value) {
    stored('theme', value === theme.system() ? '' : value);
    theme.apply(value);
  },
  apply(value) {
    for (const sheet of document.styleSheets)
      for (const rule of sheet.cssRules)
        if (rule.media && (rule.asked ??= rule.media.mediaText).includes('prefers-color-scheme'))
          rule.media.mediaText =
            value === theme.system() ? rule.asked : rule.asked.includes(value) ? 'all' : 'not all';
    document.documentElement.dataset.theme = value;
  },
};
theme.apply(theme.get());
