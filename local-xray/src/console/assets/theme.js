// Light or dark as the user wants it: the rules that ask for one are told.
// It runs before the page is drawn, so that nothing flashes.
const theme = {
  system: () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
  get: () => localStorage.getItem('theme') ?? theme.system(),
  set(value) {
    if (value === theme.system()) localStorage.removeItem('theme');
    else localStorage.setItem('theme', value);
    theme.apply();
  },
  apply() {
    const value = theme.get();
    for (const sheet of document.styleSheets)
      for (const rule of sheet.cssRules)
        if (rule.media && (rule.asked ??= rule.media.mediaText).includes('prefers-color-scheme'))
          rule.media.mediaText =
            value === theme.system() ? rule.asked : rule.asked.includes(value) ? 'all' : 'not all';
    document.documentElement.dataset.theme = value;
  },
};
theme.apply();
