using System.CommandLine;

var root = new RootCommand("Backs up a self-hosted Ente instance, proves that the backup opens, and brings it back.");
return await root.Parse(args).InvokeAsync();
