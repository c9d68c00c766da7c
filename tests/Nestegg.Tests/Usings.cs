global using Nestegg.Cli;
global using Nestegg.Cli.Terminal;
global using Xunit;
