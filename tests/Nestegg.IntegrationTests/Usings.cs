global using Nestegg.Cli;
global using Xunit;
